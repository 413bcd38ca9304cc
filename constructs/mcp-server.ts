import type { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { type ComponentProps, common } from './component.ts';
import { probes } from './probes.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Storage } from './workload-props.ts';

/** What an MCP server offers its clients. */
export type McpTools = 'filesystem' | 'git' | 'memory';

const ports: Readonly<Record<McpTools, number>> = { filesystem: 3001, git: 3002, memory: 3003 };

/** Where `/data` of the server lies. */
export type McpData = { readonly kind: 'scratch'; readonly size: Size } | ({ readonly kind: 'claim' } & Storage);

/** Properties of {@link McpServer}. */
export interface McpServerProps extends ComponentProps {
  readonly tools: McpTools;
  /** `claim` where what the tools write has to outlive the pod. */
  readonly data: McpData;
}

/** A server of the Model Context Protocol over streamable HTTP, with the tools for files, Git repositories or memory. */
export class McpServer extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;

  constructor(scope: Construct, id: string, props: McpServerProps) {
    super(scope, id);
    const number = ports[props.tools];
    const { data } = props;
    const volume = { name: 'data', path: '/data', size: data.size };
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name: props.name ?? `mcp-${props.tools}`,
      component: 'mcp-server',
      image: props.images.get('mcp'),
      command: [`mcp-${props.tools}`, '--port', String(number), '--root', '/data'],
      ports: { http: { number, path: '/mcp' } },
      // npm and git look for a home that they can write to.
      env: { HOME: '/tmp' },
      ...(data.kind === 'scratch'
        ? { kind: 'Deployment', scratch: [volume] }
        : {
            kind: 'StatefulSet',
            claims: [{ ...volume, ...(data.storageClass && { storageClass: data.storageClass }) }],
          }),
      probes: probes({ ready: { http: '/healthz', port: number }, live: { http: '/healthz', port: number } }),
    });
  }
}
