// The body of a training thread: a wasm backend of its own, and gradients on request.
import { parentPort } from 'node:worker_threads';
import { selectBackend, serveGradients } from '../../runtime/index.ts';

const port = parentPort;
if (!port) throw new Error('gradientWorker: this file runs as a worker thread of figment train');
await selectBackend({ backend: 'wasm' });
const serve = serveGradients((reply) => port.postMessage(reply));
port.on('message', serve);
