// Browsers start no modules and no workers of a page that is opened as a file.
if (location.protocol === "file:") {
  addEventListener("DOMContentLoaded", () => {
    const told = document.createElement("p");
    told.className = "from-file";
    told.textContent =
      "Onionskin does not run from a file. Serve this folder with a web server and open it there, for example with: python3 -m http.server";
    document.body.replaceChildren(told);
  });
}
