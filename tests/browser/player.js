// A page of somebody else's that plays: with hls.js, or the file as it is. It tells what is really shown and heard.
"use strict";

const BITS = 16;
const video = document.getElementById("video");
const canvas = document.createElement("canvas");
const picture = canvas.getContext("2d", { willReadFrequently: true });
const seen = { frames: 0, mediaTime: -1, number: -1, errors: [] };
let hls = null;
let analyser = null;

// The number in a picture: sixteen columns, dark for nought and bright for one, the lowest bit first.
function numberShown() {
  canvas.width = 320;
  canvas.height = 180;
  picture.drawImage(video, 0, 0, canvas.width, canvas.height);
  let number = 0;
  for (let bit = 0; bit < BITS; bit += 1) {
    const { data } = picture.getImageData((bit + 0.25) * 20, 40, 10, 100);
    let sum = 0;
    for (let place = 0; place < data.length; place += 4) sum += data[place + 1];
    if (sum / (data.length / 4) > 127) number |= 1 << bit;
  }
  return number;
}

function onFrame(_now, frame) {
  seen.frames += 1;
  seen.mediaTime = frame.mediaTime;
  seen.number = numberShown();
  video.requestVideoFrameCallback(onFrame);
}

function listen() {
  const context = new AudioContext();
  analyser = context.createAnalyser();
  analyser.fftSize = 16384;
  analyser.smoothingTimeConstant = 0;
  context.createMediaElementSource(video).connect(analyser).connect(context.destination);
  return context.resume();
}

// The pitch of the last third of a second, in Hz; 0 for silence.
function pitch() {
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  let best = 0;
  bins.forEach((value, place) => { if (value > bins[best]) best = place; });
  return bins[best] < -80 ? 0 : (best * analyser.context.sampleRate) / analyser.fftSize;
}

async function begin(url, start) {
  video.requestVideoFrameCallback(onFrame);
  video.addEventListener("error", () => seen.errors.push(String(video.error && video.error.message)));
  await listen();
  if (start === null) {
    video.src = url;
  } else {
    hls = new Hls({ startPosition: start });
    hls.on(Hls.Events.ERROR, (_name, data) => { if (data.fatal) seen.errors.push(`${data.type}: ${data.details}`); });
    const ready = new Promise((resolve) => hls.once(Hls.Events.MANIFEST_PARSED, resolve));
    hls.loadSource(url);
    hls.attachMedia(video);
    await ready;
  }
  await video.play();
}

function look() {
  const quality = video.getVideoPlaybackQuality();
  const found = {
    ...seen,
    time: video.currentTime,
    duration: video.duration,
    height: video.videoHeight,
    paused: video.paused,
    seeking: video.seeking,
    muted: video.muted,
    pitch: pitch(),
    audioBytes: video.webkitAudioDecodedByteCount,
    videoBytes: video.webkitVideoDecodedByteCount,
    decoded: quality.totalVideoFrames,
    levels: hls ? hls.levels.map((level) => level.height) : [],
    sounds: hls ? hls.audioTracks.map((track) => track.lang) : [],
  };
  document.getElementById("said").textContent = JSON.stringify(found, null, 1);
  return found;
}
