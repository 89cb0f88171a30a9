export type { Problem, Result } from './problem.ts';
