import { expect, it } from '@jest/globals';
import { Stillness } from '../../../../services/orchestrator/src/health/stillness.ts';

it('counts the turns since the counter moved last', () => {
  let count = 7;
  const stillness = new Stillness(() => count, 250);
  for (let turn = 0; turn < 6; turn += 1) stillness.look();
  expect(stillness.seconds).toBe(1.5);
  count += 1;
  stillness.look();
  expect(stillness.seconds).toBe(0);
  stillness.look();
  expect(stillness.seconds).toBe(0.25);
});
