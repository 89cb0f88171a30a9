import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void; // defined by the flag above

/** What is left in use, in MiB, when all garbage is gone. */
export function usedHeapMib(): number {
  collectGarbage();
  collectGarbage(); // what finalizers have let go of
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
