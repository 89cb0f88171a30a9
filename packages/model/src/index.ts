export type { Problem, Result } from './problem.ts';
export type { EntityInput, EntityOf, EntityType } from './entity-types.ts';
export { entityTypes, isEntityType } from './entity-types.ts';
export type { Reference } from './filled.ts';
export type { RouterFlavor } from './settings.ts';
export type { ValidateOptions } from './validate.ts';
export { validateEntity } from './validate.ts';
