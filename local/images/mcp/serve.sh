#!/bin/sh
# One MCP server over streamable HTTP: POST and GET /mcp, and GET /healthz for probes. The name of the command says which server.
#
#   mcp-filesystem | mcp-git | mcp-memory  --port <port> --root <folder>
set -eu
name=$(basename "$0")
port='' root=''
while [ "$#" -gt 0 ]; do
  case $1 in
    --port) port=${2:-} ;;
    --root) root=${2:-} ;;
    *)
      echo "$name: unknown argument \"$1\": the arguments are --port <port> --root <folder>" >&2
      exit 64
      ;;
  esac
  shift 2 || break
done
if [ -z "$port" ] || [ ! -d "$root" ]; then
  echo "$name: --port \"$port\" and --root \"$root\" are needed; the root has to be a folder" >&2
  exit 64
fi
# The bridge hands the command to a shell: a folder with other characters would be taken apart there.
case $root in
  *[!A-Za-z0-9/._-]*)
    echo "$name: --root \"$root\": use letters, digits and / . _ - only" >&2
    exit 64
    ;;
esac
modules=/usr/local/lib/mcp/node_modules
case $name in
  mcp-filesystem) server="node $modules/@modelcontextprotocol/server-filesystem/dist/index.js $root" ;;
  mcp-memory)
    export MEMORY_FILE_PATH="$root/memory.jsonl"
    server="node $modules/@modelcontextprotocol/server-memory/dist/index.js"
    ;;
  mcp-git)
    # The server is confined to a repository and does not start without one.
    [ -e "$root/.git" ] || git init --quiet "$root"
    server="python3 -m mcp_server_git --repository $root"
    ;;
esac
# Each client's session has a server process of its own, which ends five minutes after its last request. The bridge's log would
# show what the tools return.
exec node "$modules/supergateway/dist/index.js" --stdio "$server" --outputTransport streamableHttp --stateful --sessionTimeout 300000 \
  --port "$port" --streamableHttpPath /mcp --healthEndpoint /healthz --logLevel none
