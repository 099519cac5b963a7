// Asks Fleet about each call of a tool. What stands before this is `given`: the program that asks, and the
// permissions that are opened once this is loaded.
import { spawn } from "node:child_process"

let servers = []
const running = new Map()

// What the program prints, or an error for a refusal. Nothing but itself ends it: it may wait for a person.
const ask = (phase, said) =>
  new Promise((resolve, reject) => {
    const [program, ...words] = given.hook
    const child = spawn(program, [...words, phase], { stdio: ["pipe", "pipe", "pipe"] })
    let out = ""
    let err = ""
    child.stdout.on("data", (text) => (out += text))
    child.stderr.on("data", (text) => (err += text))
    child.stdin.on("error", () => {})
    child.on("error", reject)
    child.on("close", (code) =>
      code === 0 ? resolve(out) : reject(new Error(err || "Fleet could not look at this call, so it is refused")),
    )
    child.stdin.end(JSON.stringify(said))
  })

const back = async (id, ok) => {
  const said = running.get(id)
  running.delete(id)
  if (said) await ask("after", ok ? said : { ...said, hook_event_name: "PostToolUseFailure" }).catch(() => {})
}

export const Fleet = async ({ directory }) => ({
  config: async (config) => {
    servers = Object.keys(config.mcp ?? {})
    config.permission = { ...config.permission, ...given.opened }
  },
  "tool.execute.before": async ({ tool, callID }, { args }) => {
    const said = { tool_name: tool, tool_input: args ?? {}, tool_use_id: callID, cwd: directory, servers }
    const word = JSON.parse(await ask("before", said)).hookSpecificOutput
    if (word.permissionDecision !== "allow") throw new Error(word.permissionDecisionReason)
    running.set(callID, said)
  },
  "tool.execute.after": async ({ callID }, output) => {
    await back(callID, !output?.isError && !output?.metadata?.exit)
  },
  event: async ({ event }) => {
    const part = event.type === "message.part.updated" ? event.properties.part : {}
    if (part.type === "tool" && part.state.status === "error") await back(part.callID, false)
  },
})
