
(function () {
  "use strict";
  var $ = function (id) { return document.getElementById(id); };
  var all = function (selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); };
  var root = document.documentElement;
  var findings = all(".finding"), rows = all("#matrix tbody tr"), chips = all(".chip");

  // Filters
  function on(id) { return $(id) ? $(id).value : ""; }
  function filter() {
    var words = $("q").value.toLowerCase().split(/\s+/).filter(Boolean);
    var fits = function (text) { return words.every(function (word) { return text.indexOf(word) >= 0; }); };
    var hidden = {};
    chips.forEach(function (chip) { if (chip.getAttribute("aria-pressed") === "false") { hidden[chip.dataset.sev] = true; } });
    var category = on("cat"), confidence = on("conf"), accepted = !$("accepted") || $("accepted").checked, shown = 0;
    findings.forEach(function (item) {
      var data = item.dataset;
      var keep = !hidden[data.sev] && (!category || data.cat === category) && (!confidence || data.conf === confidence) &&
        (accepted || data.acc === "0") && fits(data.q);
      item.hidden = !keep;
      if (keep) { shown += 1; }
    });
    var deviating = $("deviating") && $("deviating").checked, lines = 0;
    rows.forEach(function (row) {
      var keep = (!deviating || row.dataset.dev === "1") && fits(row.dataset.q);
      row.hidden = !keep;
      if (keep) { lines += 1; }
    });
    $("nothing").hidden = shown > 0 || findings.length === 0;
    $("count").textContent = findings.length ? shown + " of " + findings.length + " findings" +
      (rows.length ? ", " + lines + " of " + rows.length + " operations" : "") : "";
  }
  ["q", "cat", "conf", "accepted", "deviating"].forEach(function (id) {
    if ($(id)) { $(id).addEventListener("input", filter); }
  });
  chips.forEach(function (chip) {
    chip.addEventListener("click", function () {
      chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") === "true" ? "false" : "true");
      filter();
    });
  });

  // Findings
  function setAll(open) { findings.forEach(function (item) { if (!item.hidden) { item.open = open; } }); }
  if ($("open")) { $("open").addEventListener("click", function () { setAll(true); }); }
  if ($("close")) { $("close").addEventListener("click", function () { setAll(false); }); }
  function toHash() {
    var item = location.hash.length > 3 && $(location.hash.slice(1));
    if (item && item.classList.contains("finding")) { item.open = true; item.hidden = false; item.scrollIntoView(); }
  }
  window.addEventListener("hashchange", toHash);

  // Copying
  function copied(button, worked) {
    var before = "copy curl";
    button.textContent = worked ? "copied" : "select and copy";
    setTimeout(function () { button.textContent = before; }, 1600);
  }
  function byHand(text) {
    var area = document.createElement("textarea");
    area.value = text; area.setAttribute("readonly", ""); document.body.appendChild(area); area.select();
    var worked = false;
    try { worked = document.execCommand("copy"); } catch (error) { worked = false; }
    document.body.removeChild(area);
    return worked;
  }
  document.addEventListener("click", function (event) {
    var button = event.target;
    if (!button.classList || !button.classList.contains("copy")) { return; }
    var text = button.parentNode.querySelector("pre").textContent;
    if (navigator.clipboard && navigator.clipboard.writeText) {
      navigator.clipboard.writeText(text).then(function () { copied(button, true); }, function () { copied(button, byHand(text)); });
    } else { copied(button, byHand(text)); }
  });

  // Keys
  function step(by) {
    var shown = findings.filter(function (item) { return !item.hidden; });
    if (!shown.length) { return; }
    var here = document.activeElement && document.activeElement.closest ? document.activeElement.closest(".finding") : null;
    var at = shown.indexOf(here), next = at < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(shown.length - 1, Math.max(0, at + by));
    shown[next].querySelector("summary").focus();
    shown[next].scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    var typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName || "");
    if (event.key === "Escape" && event.target === $("q")) { $("q").value = ""; filter(); $("q").blur(); }
    else if (typing) { return; }
    else if (event.key === "/") { event.preventDefault(); $("q").focus(); $("q").select(); }
    else if (event.key === "j") { step(1); }
    else if (event.key === "k") { step(-1); }
  });

  // Colours
  function theme(name) {
    if (name) { root.setAttribute("data-theme", name); } else { root.removeAttribute("data-theme"); }
    try { localStorage.setItem("specfuzz-theme", name); } catch (error) { root.dataset.unsaved = "1"; }
  }
  var saved = "";
  try { saved = localStorage.getItem("specfuzz-theme") || ""; } catch (error) { saved = ""; }
  if (saved === "light" || saved === "dark") { root.setAttribute("data-theme", saved); }
  $("theme").addEventListener("click", function () {
    var dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    var now = root.getAttribute("data-theme") || (dark ? "dark" : "light");
    var next = now === "dark" ? "light" : "dark";
    theme(next === (dark ? "dark" : "light") ? "" : next);
  });

  filter();
  toHash();
})();
