"""How the page looks: on a phone and a desk, by day and by night, on paper."""

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;
--ground:#fff;--raised:#f5f7fa;--ink:#18202b;--soft:#556273;--edge:#d6dde6;
--pass:#17703a;--fail:#b3201c;--warn:#855400;--new:#1a5fc4;--old:#a8540a;
--fault:#e5484d;--judged:#3f9b64;--on:#fff}
@media(prefers-color-scheme:dark){:root{
--ground:#0f141b;--raised:#18202a;--ink:#e7ecf3;--soft:#a3b0c0;--edge:#303b49;
--pass:#5bd083;--fail:#ff8078;--warn:#ecb84a;--new:#7db3ff;--old:#f2a55f;
--fault:#ff6369;--judged:#4fae76;--on:#0f141b}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main{max-width:62rem;margin:0 auto;padding:1rem 1rem 3rem}
h1{font-size:1.35rem;line-height:1.25;margin:.6rem 0 .1rem}
h2{font-size:1.1rem;margin:2.4rem 0 .5rem}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
p{margin:.4rem 0}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,"Liberation Mono",monospace;font-size:.875em}
code{overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--raised);
border:1px solid var(--edge);border-radius:.4rem;padding:.7rem .8rem;margin:.5rem 0}
.soft,figcaption,.note{color:var(--soft);font-size:.875rem}
.verdict{border-radius:.5rem;padding:.7rem 1rem;color:var(--on);background:var(--warn)}
.verdict.PASS{background:var(--pass)}
.verdict.FAIL,.verdict.REFUSED,.verdict.REVERTED{background:var(--fail)}
.verdict b{font-size:1.6rem;line-height:1.2;letter-spacing:.02em;display:block}
.why{margin:.8rem 0;padding:0;list-style:none}
.why li{border-left:.25rem solid var(--warn);padding:.15rem 0 .15rem .7rem;margin:.45rem 0;
overflow-wrap:anywhere}
.why.PASS li{border-color:var(--pass)}
.why.FAIL li,.why.REFUSED li,.why.REVERTED li{border-color:var(--fail)}
.key{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.6rem;margin:1rem 0}
.key div{background:var(--raised);border:1px solid var(--edge);border-radius:.5rem;
padding:.5rem .7rem;display:flex;flex-direction:column}
.key dt{color:var(--soft);font-size:.8rem}
.key dd{margin:0;font-size:1.2rem;font-weight:650;overflow-wrap:anywhere}
.key dd.more{font-size:.8rem;font-weight:400;color:var(--soft)}
.scroll{overflow-x:auto;border:1px solid var(--edge);border-radius:.5rem;margin:.6rem 0}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .65rem;border-top:1px solid var(--edge)}
thead th{border-top:0;background:var(--raised);font-size:.8rem;color:var(--soft);white-space:nowrap}
tbody th{font-weight:500}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td .none{color:var(--soft)}
th code{overflow-wrap:break-word}
.checks td:last-child{min-width:11rem;overflow-wrap:anywhere}
.outcome{font-weight:700;font-size:.8rem;white-space:nowrap;color:var(--warn)}
.outcome.PASS{color:var(--pass)}.outcome.FAIL{color:var(--fail)}
.bad{color:var(--fail);font-weight:700}
details{font-size:.875rem;margin:.3rem 0}
summary{cursor:pointer;color:var(--soft);padding:.15rem 0}
details dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.1rem .8rem;
margin:.3rem 0}
details dt{color:var(--soft)}details dd{margin:0;overflow-wrap:anywhere}
figure{margin:.6rem 0}
.plot{padding:0 .9rem 0 3.9rem}
.plot.bare{padding:0 .9rem}
svg{display:block;overflow:visible}
svg svg{overflow:hidden}
svg text{font-size:12px;fill:var(--soft)}
path{fill:none;stroke-width:1.6;vector-effect:non-scaling-stroke;stroke-linejoin:round}
path.new{stroke:var(--new)}path.old{stroke:var(--old)}
path.median{stroke-dasharray:3 2.5}
path.area{stroke:none;opacity:.16}path.area.new{fill:var(--new)}path.area.old{fill:var(--old)}
.grid{stroke:var(--edge);stroke-width:1}
.judged{fill:var(--judged)}
.fault{fill:var(--fault);fill-opacity:.38}
.recovering{fill:var(--fault);fill-opacity:.15}
.failed{fill:var(--fail)}.failed.old{fill:var(--old)}
.track{fill:var(--edge)}
.interval{stroke-width:2.5}.interval.new{stroke:var(--new)}.interval.old{stroke:var(--old)}
.point.new{fill:var(--new)}.point.old{fill:var(--old)}
.stem{stroke:var(--soft);stroke-width:1}
.mark{fill:var(--ink)}.mark.of-fault{fill:var(--fail);fill-opacity:1}
svg text.number{fill:var(--ground);font-size:11px;font-weight:700}
.spent{fill:var(--new)}.spent.over{fill:var(--warn)}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;padding:0;margin:.5rem 0;list-style:none;
font-size:.85rem;color:var(--soft)}
.legend svg{display:inline-block;vertical-align:middle;margin-right:.35rem}
@media(max-width:34rem){
.checks thead{position:absolute;clip-path:inset(50%)}
.checks tbody,.checks th,.checks td{display:block}
.checks tr{display:grid;grid-template-columns:1fr auto;border-top:1px solid var(--edge)}
.checks th,.checks td{border:0;padding:.3rem .5rem}.checks td:last-child{grid-column:1/-1}
body{font-size:15px}th,td{padding:.4rem .45rem}
.plot{padding-left:3.4rem}.key{grid-template-columns:1fr 1fr}.verdict b{font-size:1.4rem}}
@media print{main{max-width:none}details{display:block}}
"""
