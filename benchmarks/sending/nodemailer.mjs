// The same personal mails by nodemailer's pool: PORT MESSAGES TEMPLATE, as peers.py has them.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import nodemailer from "nodemailer";

const [port, number, path] = process.argv.slice(2);
const template = JSON.parse(readFileSync(path, "utf8"));
const escaped = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function mail(n) {
  const name = `Ada Quill ${n}`;
  const to = `reader-${n}@small${n % 2000}.example`;
  const token = createHmac("sha256", "k".repeat(32)).update(to).digest("base64url");
  const id = n.toString(16).padStart(32, "0");
  const holes = { name, email: to, greeting: `Good morning, ${name}` };
  for (const what of ["leave", "preferences"])
    holes[`${what}_url`] = `https://news.example.org/${what}/${id}.${token}`;
  let { text, html } = template;
  for (const [hole, value] of Object.entries(holes)) {
    text = text.replaceAll(`{{ ${hole} }}`, value);
    html = html.replaceAll(`{{ ${hole} }}`, escaped(value));
  }
  return {
    from: "The Daily <morning@news.example.org>",
    to,
    subject: template.subject,
    text,
    ...(html ? { html } : {}),
    headers: {
      "List-Unsubscribe": `<${holes.leave_url}>`,
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
  };
}

const transport = nodemailer.createTransport({
  pool: true,
  maxConnections: 10,
  maxMessages: Infinity,
  host: "127.0.0.1",
  port: Number(port),
  secure: false,
  ignoreTLS: true,
  name: "bench.example",
});
const begun = process.hrtime.bigint();
const cpu = process.cpuUsage();
let next = 0;
// As many callers as connections keep its queue short, as its manual advises.
async function work() {
  while (next < Number(number)) await transport.sendMail(mail(next++));
}
await Promise.all(Array.from({ length: 20 }, work));
const used = process.cpuUsage(cpu);
const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
transport.close();
console.log(JSON.stringify({ s: seconds, cpu_s: (used.user + used.system) / 1e6 }));
