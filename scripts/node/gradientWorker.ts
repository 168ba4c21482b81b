// The body of a training thread: a wasm backend of its own; gradients, and a data set's latents, on request.
import { parentPort } from 'node:worker_threads';
import { selectBackend, serveEncoding, serveGradients } from '../../runtime/index.ts';

const port = parentPort;
if (!port) throw new Error('gradientWorker: this file runs as a worker thread of figment train');
await selectBackend({ backend: 'wasm' });
const reply = (message: unknown) => port.postMessage(message);
port.on('message', serveGradients(reply)).on('message', serveEncoding(reply));
