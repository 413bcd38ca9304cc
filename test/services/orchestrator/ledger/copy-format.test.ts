import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { COLUMNS, copyLine, fieldsOf } from '../../../../services/orchestrator/src/ledger/copy-format.ts';
import { settledRow } from '../../../../services/orchestrator/src/ledger/row.ts';
import { settlement } from '../support/replicas.ts';

// What delimits, escapes, or stands for nothing.
const text = fc.oneof(fc.string(), fc.constantFrom('\\N', '\\', '\\\\t', '\t', '\n', '\r', 'tab\tand\\n', 'äö🛶', ''));

it('says of a line what the row said of which it was made', () => {
  fc.assert(
    fc.property(text, fc.option(text), text, (model, endUser, user) => {
      const facts = {
        request_id: 'r-1',
        tenant: 't',
        user_id: user,
        user_tier: 'standard',
        caller: 'ada',
        end_user: endUser,
        endpoint: 'chat',
        model,
        private: false,
        stream: true,
        replica: 'one',
      };
      const row = settledRow(facts, Date.UTC(2026, 10, 21), settlement(5));
      const line = copyLine(row);
      expect(line).not.toContain('\n');
      const written = COLUMNS.map((column) => [column, row[column] === null ? null : String(row[column])]);
      expect(fieldsOf(line)).toEqual(Object.fromEntries(written));
    }),
  );
});
