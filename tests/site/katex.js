// Renders every formula of standard input (JSON: [[latex, display], ...]) with the KaTeX named on
// the command line; prints those that it does not accept, as JSON.
const katex = require(process.argv[2]);
const formulas = JSON.parse(require("fs").readFileSync(0, "utf8"));
const wrong = [];
for (const [latex, displayMode] of formulas) {
  try {
    katex.renderToString(latex, { displayMode, throwOnError: true, strict: "error" });
  } catch (error) {
    wrong.push([latex, String(error.message)]);
  }
}
console.log(JSON.stringify(wrong));
