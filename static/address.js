// Says before the first paint what the address is that of, so that the document shows what the page will: the start, an
// image or a list, or one view in a frame, which has no header.
const framed = new URLSearchParams(location.search).has("embed");
const begins = !framed && /^#?\/?$/.test(location.hash);
document.documentElement.dataset.address = begins ? "start" : "elsewhere";
if (framed) document.documentElement.dataset.embed = "";
