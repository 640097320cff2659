/** How the HTML report looks: calm, light or dark as the reader's system, and readable on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --line: #e6e2dc; --text: #24211d; --soft: #77716a;
  --blue: #2f6f9f; --band: #2f6f9f2e; --green: #4f8a5b; --amber: #b7791f; --red: #b3372f; --wait: #c9b58b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #17181a; --card: #1e2023; --line: #303338; --text: #e4e2de; --soft: #94908a;
    --blue: #7fb3d8; --band: #7fb3d833; --green: #7fb98b; --amber: #d9a554; --red: #e0776e; --wait: #6d6147;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 40px 28px 56px; max-width: 1120px; background: var(--paper); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
h1 { margin: 0; font-size: 27px; font-weight: 600; letter-spacing: -0.01em; }
h2 { margin: 40px 0 12px; font-size: 17px; font-weight: 600; }
p { margin: 6px 0; }
.soft, figcaption span, footer { color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 26px 0 0; padding: 0; list-style: none; }
.tiles li, figure, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tiles li { padding: 12px 16px; }
.tiles b { display: block; font-size: 21px; font-weight: 600; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--soft); font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(310px, 1fr)); gap: 14px; }
figure { margin: 0; padding: 12px 14px 8px; break-inside: avoid; }
figcaption { display: flex; justify-content: space-between; gap: 12px; font-weight: 600; white-space: nowrap; }
figcaption span { font-weight: 400; font-size: 13px; font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; height: auto; margin-top: 6px; }
svg text { fill: var(--soft); font-size: 10.5px; font-family: inherit; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); stroke-width: 1; }
.band { fill: var(--band); }
.mean { fill: none; stroke: var(--blue); stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
.limit { stroke: var(--amber); stroke-width: 1; stroke-dasharray: 2 4; }
.gap { fill: var(--line); opacity: 0.55; }
.hover { fill: transparent; }
.hover:hover { fill: var(--band); }
.name { fill: var(--text) !important; font-size: 12px !important; }
.work { fill: var(--green); }
.wait { fill: var(--wait); }
.life { fill: var(--line); }
.info, .warning { fill: var(--amber); }
.high, .critical { fill: var(--red); }
.card { padding: 4px 0; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 13.5px; }
th, td { padding: 5px 14px; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 500; font-size: 12px; white-space: nowrap; }
tr + tr td { border-top: 1px solid var(--line); }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.short { white-space: nowrap; }
td.red { color: var(--red); } td.yellow { color: var(--amber); } td.green { color: var(--green); } td.dim { color: var(--soft); }
.key { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 2px 14px 8px; font-size: 13px; color: var(--soft); }
.key i { display: inline-block; width: 11px; height: 11px; margin-right: 6px; border-radius: 3px; vertical-align: -1px; }
.key .k-work { background: var(--green); } .key .k-wait { background: var(--wait); } .key .k-life { background: var(--line); }
.key .k-warning { background: var(--amber); } .key .k-high { background: var(--red); }
footer { margin-top: 44px; font-size: 13px; }
@media print {
  :root {
    color-scheme: light;
    --paper: #fff; --card: #fff; --line: #ddd; --text: #000; --soft: #555;
    --blue: #1f5c8a; --band: #1f5c8a2e; --green: #3d7549; --amber: #96610f; --red: #a02a22; --wait: #c9b58b;
  }
  body { padding: 0; max-width: none; font-size: 11px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h1 { font-size: 20px; } h2 { font-size: 13px; }
  .tiles { grid-template-columns: repeat(6, 1fr); gap: 8px; margin-top: 16px; }
  .tiles li { padding: 8px 10px; } .tiles b { font-size: 15px; } .tiles span { font-size: 10px; }
  .charts { grid-template-columns: repeat(3, 1fr); gap: 8px; }
  figure { padding: 8px 10px 4px; } figcaption span { font-size: 9.5px; }
  table { font-size: 10px; } th { font-size: 9.5px; } th, td { padding: 3px 8px; }
  h2 { margin-top: 20px; break-after: avoid; }
  tr { break-inside: avoid; }
  .card { overflow: visible; }
}
`;
