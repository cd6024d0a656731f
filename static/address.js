// Says before the first paint whether the address is that of the start, so that the document shows what the page will.
const begins = /^#?\/?$/.test(location.hash);
document.documentElement.dataset.address = begins ? "start" : "elsewhere";
