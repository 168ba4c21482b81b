// Reads the fixtures of runtime/testing/fixtures, which diffusers wrote; for tests in Node.
import { readdirSync, readFileSync } from 'node:fs';
import type { SchedulerCase } from '../../runtime/verify/cases.ts';
import { parseSafetensors, type StoredTensor } from '../../runtime/weights/safetensors.ts';

const FOLDER = new URL('../../runtime/testing/fixtures/', import.meta.url);

export function readFixture(path: string): Uint8Array {
  return readFileSync(new URL(path, FOLDER));
}

export function readJsonFixture<T>(path: string): T {
  return JSON.parse(new TextDecoder().decode(readFixture(path))) as T;
}

export function readTensorsFixture(path: string): Map<string, StoredTensor> {
  return parseSafetensors(readFixture(path), path).tensors;
}

/** The names of all scheduler cases. */
export function schedulerCaseNames(): string[] {
  const files = readdirSync(new URL('schedulers/', FOLDER)).sort();
  return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
}

export function readSchedulerCase(name: string): { config: SchedulerCase; tensors: Map<string, StoredTensor> } {
  const path = `schedulers/${name}`;
  return { config: readJsonFixture(`${path}.json`), tensors: readTensorsFixture(`${path}.safetensors`) };
}
