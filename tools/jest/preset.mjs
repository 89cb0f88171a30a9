import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Settings of every package's tests; `rootDir` is the package. */
export const preset = (rootDir) => ({
  rootDir,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironmentOptions: { customExportConditions: ['@koko/source', 'node', 'node-addons'] },
  transform: { '\\.ts$': path('./strip-types.mjs') },
  testMatch: ['<rootDir>/src/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  coverageProvider: 'v8',
  testTimeout: 60_000,
  reporters: ['default', [path('./count-reporter.mjs'), {}]],
});
