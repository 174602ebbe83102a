// From the microphone to 16-bit samples at 16 kHz, in memory alone; the microphone is off again as soon as it is over.

const RATE = 16_000;
const LONGEST = 9_500; // milliseconds: the server listens to ten seconds

/** Begins to listen. `stop()` settles with the samples, as bytes; `full` is called when nothing more is listened to. */
export async function record(full) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false } });
  const context = new AudioContext();
  const blocks = [];
  try {
    await context.audioWorklet.addModule(new URL("worklet.js", import.meta.url));
  } catch (error) {
    await end(stream, context);
    throw error;
  }
  const node = new AudioWorkletNode(context, "recorder");
  node.port.onmessage = ({ data }) => blocks.push(data);
  context.createMediaStreamSource(stream).connect(node).connect(context.destination); // it is silent: it only pulls
  const timer = setTimeout(full, LONGEST);
  return {
    async stop() {
      clearTimeout(timer);
      const rate = context.sampleRate;
      await end(stream, context);
      return samples(await at16(joined(blocks.splice(0)), rate));
    },
  };
}

async function end(stream, context) {
  for (const track of stream.getTracks()) track.stop();
  await context.close();
}

function joined(blocks) {
  const all = new Float32Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const block of blocks) {
    all.set(block, place);
    place += block.length;
  }
  return all;
}

/** The browser knows best how to take samples at another rate. */
async function at16(sound, rate) {
  if (!sound.length || rate === RATE) return sound;
  const offline = new OfflineAudioContext(1, Math.ceil((sound.length * RATE) / rate), RATE);
  const buffer = offline.createBuffer(1, sound.length, rate);
  buffer.copyToChannel(sound, 0);
  const source = offline.createBufferSource();
  source.buffer = buffer;
  source.connect(offline.destination);
  source.start();
  return (await offline.startRendering()).getChannelData(0);
}

/** Two bytes each, the lower one first, whatever the machine does. */
function samples(sound) {
  const view = new DataView(new ArrayBuffer(sound.length * 2));
  for (const [place, value] of sound.entries()) view.setInt16(place * 2, Math.max(-1, Math.min(1, value)) * 32_767, true);
  return view.buffer;
}
