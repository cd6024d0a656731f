// Starts the program of every Web Worker of the page.
importScripts("./worker.js");
wasm_bindgen({ module_or_path: "./worker_bg.wasm" });
