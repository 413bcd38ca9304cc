/** Unit tests: fast, without a cluster. The end-to-end suite has its own file, jest.e2e.config.js. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['<rootDir>/test/e2e/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  collectCoverageFrom: ['{constructs,stacks,policies,local,services}/**/*.ts', '!**/dist/**', '!**/*.d.ts'],
  coverageReporters: ['text-summary', 'lcov'],
};
