// Loaded into Gemini before anything of its own. It asks Fleet about each call by a program that it starts, and
// goes on where that can't be started or is killed: then it is ended here, before the call is made.
const { ChildProcess } = require("node:child_process");
const { writeSync } = require("node:fs");

const MARK = "fleet-asks-before";
const REFUSED = 2;

function end(why) {
  writeSync(2, `Error: Fleet could not look at a call (${why}), so the run is ended\n`);
  process.kill(process.pid, "SIGKILL");
}

const begin = ChildProcess.prototype.spawn;
ChildProcess.prototype.spawn = function (options) {
  if (!(options.args ?? []).some((word) => String(word).includes(MARK))) return begin.call(this, options);
  let failed;
  try {
    failed = begin.call(this, options);
  } catch (error) {
    end(error.code ?? error);
    throw error;
  }
  if (failed) end(`error ${failed}`);
  this.prependListener("exit", (code, signal) => {
    if (code !== 0 && code !== REFUSED) end(signal ?? `exit code ${code}`);
  });
  return failed;
};

// The hook refuses every call where this is not said.
process.env.FLEET_GUARD = "on";
