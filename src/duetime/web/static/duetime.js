// What pages do beyond links and forms. Everything works without it, except that nothing refreshes itself.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");

  // Light or dark: kept in a cookie, so that the server writes the page in the right colours at once.
  const THEMES = ["auto", "light", "dark"];
  const THEME_NAMES = { auto: "Auto", light: "Light", dark: "Dark" };
  const showTheme = (button) => {
    button.querySelector("[data-theme-name]").textContent = THEME_NAMES[root.dataset.theme];
    button.hidden = false;
  };
  const switchTheme = (button) => {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
    root.dataset.theme = next;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `duetime_theme=${next}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    showTheme(button);
  };

  const toggleMenu = (button, open) => {
    button.setAttribute("aria-expanded", String(open));
    root.classList.toggle("menu-open", open);
  };

  // Parts that refresh themselves: one button stops them all; a hidden tab does not ask, nor does a part in use.
  const isPaused = () => root.dataset.updates === "paused";
  const showUpdates = (button) => {
    button.hidden = false;
    button.setAttribute("aria-pressed", String(isPaused()));
  };
  document.addEventListener("htmx:beforeRequest", (event) => {
    const live = event.target.closest("[data-live]");
    if (live === null) return;
    // It refreshes itself, or the part that it names; a page where somebody is about to press something stays.
    const part = document.getElementById(live.dataset.live) ?? live;
    const used = part.contains(document.activeElement) || part.querySelector("details[open]") !== null;
    if (isPaused() || document.hidden || used) event.preventDefault();
  });
  // Says aloud what has changed, once: the refreshed part carries a sentence, and only a new sentence is announced.
  document.addEventListener("htmx:afterSettle", () => {
    const said = document.querySelector("[data-announcement]");
    const region = document.getElementById("announcements");
    if (said === null || region === null) return;
    const text = said.textContent.trim();
    if (region.textContent !== text) region.textContent = text;
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button === null) return;
    if (button.matches("[data-theme-switch]")) switchTheme(button);
    if (button.matches("[data-menu]")) toggleMenu(button, button.getAttribute("aria-expanded") !== "true");
    if (button.matches("[data-updates]")) {
      root.dataset.updates = isPaused() ? "on" : "paused";
      showUpdates(button);
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector("[data-menu][aria-expanded=true]");
    if (event.key === "Escape" && menu !== null) {
      toggleMenu(menu, false);
      menu.focus();
    }
  });

  for (const button of document.querySelectorAll("[data-theme-switch]")) showTheme(button);
  for (const button of document.querySelectorAll("[data-updates]")) showUpdates(button);
  for (const button of document.querySelectorAll("[data-menu]")) button.hidden = false;
})();
