/** A thread of `readParts`: reads and parses the files that it is sent, and sends what they are, in the same order. */
import { parentPort, workerData } from 'node:worker_threads';
import type { DocumentLimits } from '../lib/document.ts';
import { readPartsNow } from './parts.ts';
import type { FoundFile } from './work-tree.ts';

const limits = workerData as DocumentLimits;

parentPort?.on('message', (files: readonly FoundFile[]) => {
  parentPort?.postMessage(readPartsNow(files, limits));
});
