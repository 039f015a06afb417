// Reading codes from pictures and from the camera, by zxing-cpp compiled to WebAssembly.
"use strict";

const READING = { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 };
const LONGEST_SIDE = 1600;
let stream = null;

function prepare() {
  if (typeof ZXING_WASM === "string") ZXingWASM.prepareZXingModule({ overrides: { wasmBinary: fromBase64("The code reader", ZXING_WASM).buffer } });
}

/** Return the text of the code in a picture, or null. */
async function readPicture(source, width, height) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  const found = await ZXingWASM.readBarcodes(pen.getImageData(0, 0, canvas.width, canvas.height), READING);
  return found[0]?.text ?? null;
}

async function readImageFile(file) {
  const picture = await createImageBitmap(file).catch(() => { throw new Fault("The file is not a picture"); });
  try {
    return await readPicture(picture, picture.width, picture.height);
  } finally {
    picture.close();
  }
}

/** Show the camera and return the text of the first code that it sees; null when it was stopped. */
async function scan(video) {
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
  } catch {
    throw new Fault("There is no camera, or its use was not allowed; choose a picture or paste the text");
  }
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  let text = null;
  while (stream && text === null) {
    if (video.videoWidth) text = await readPicture(video, video.videoWidth, video.videoHeight);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  stopCamera(video);
  return text;
}

function stopCamera(video) {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.hidden = true;
}
