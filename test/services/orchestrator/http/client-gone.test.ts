import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import { ClientGone } from '../../../../services/orchestrator/src/http/client-gone.ts';

const connection = () => {
  const raw = Object.assign(new EventEmitter(), { writableFinished: false });
  return { raw, gone: new ClientGone({ raw } as unknown as FastifyReply) }; // It looks at nothing else.
};

describe('ClientGone', () => {
  it('tells all that listen, once, when the connection closes before the answer is complete', () => {
    const { raw, gone } = connection();
    const heard: string[] = [];
    const left = () => void heard.push('left');
    gone.addEventListener('abort', () => void heard.push('first'));
    gone.addEventListener('abort', left);
    gone.removeEventListener('abort', left);
    gone.addEventListener('abort', () => void heard.push('second'));
    expect(gone.aborted).toBe(false);
    raw.emit('close');
    expect(gone.aborted).toBe(true);
    expect(heard).toEqual(['first', 'second']);
  });

  it('says nothing after a complete answer', () => {
    const { raw, gone } = connection();
    const heard: string[] = [];
    gone.addEventListener('abort', () => void heard.push('told'));
    raw.writableFinished = true;
    raw.emit('close');
    expect([gone.aborted, heard]).toEqual([false, []]);
  });
});
