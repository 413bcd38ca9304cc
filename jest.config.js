/**
 * Unit tests: fast, without a cluster. Those that run whole programs (`*.process.test.ts`) and the end-to-end suite have files of
 * their own, jest.process.config.js and jest.e2e.config.js.
 */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['<rootDir>/test/e2e/', '\\.process\\.test\\.ts$'],
  // A bound for what hangs, not a measure: the machine may be busy.
  testTimeout: 60_000,
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  // Jest leaves one core free otherwise, which on two is half of them.
  maxWorkers: '100%',
  collectCoverageFrom: ['{constructs,stacks,policies,local,services}/**/*.ts', '!**/dist/**', '!**/*.d.ts'],
  coverageReporters: ['text-summary', 'lcov'],
};
