// Sets the chosen theme before the first paint; without a choice the page follows the system.
try {
  const theme = localStorage.getItem("onionskin.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be blocked; the system's theme is fine then.
}
