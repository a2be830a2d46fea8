"""A certificate on paper, and the page that a scan of its code opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup

from groupbuy.kernel.papers import Paper
from groupbuy.kernel.texts import Text
from groupbuy.training.rules.certificates import VALID, CertificateState

TITLE = Text("团长认证证书", "Leader certificate")
STATE = Text("状态", "State")
STATES = {
    CertificateState.CERTIFIED: Text("有效", "Valid"),
    CertificateState.EXPIRING: Text("有效", "Valid"),
    CertificateState.EXPIRED: Text("已过期", "Expired"),
    CertificateState.REVOKED: Text("已撤销", "Revoked"),
}
"""What a stranger is told: that a valid one expires soon is its holder's business."""

HOLDER = Text("持有人", "Holder")
NUMBER = Text("证书编号", "Number")
ISSUED = Text("颁发日期", "Issued on")
UNTIL = Text("有效期至", "Valid until")
FOR_GOOD = Text("长期有效", "without end")
HOLDS = Text("兹证明持有人已获得本项认证。", "The holder is certified in the above.")
SCAN = Text("扫码核验是否有效", "Scan to see whether it holds")


@dataclass(frozen=True, slots=True)
class CertificateContent:
    """All that a certificate says; `holder` is the whole name on paper and masked on the page."""

    number: str
    title: Text
    holder: str
    state: CertificateState
    issued_on: date
    expires_on: date | None

    @property
    def known(self) -> Sequence[tuple[Text, Text]]:
        """Return what it says, line by line."""
        until = self.expires_on.isoformat() if self.expires_on else None
        return (
            (HOLDER, _same(self.holder)),
            (NUMBER, _same(self.number)),
            (ISSUED, _same(self.issued_on.isoformat())),
            (UNTIL, _same(until) if until else FOR_GOOD),
        )


def certificate_paper(
    content: CertificateContent, language: str, *, created: datetime, address: str
) -> bytes:
    """Return a certificate as a PDF file whose code opens the page at `address`."""
    paper = Paper(TITLE, language, created=created)
    paper.heading(content.title)
    paper.pairs((name, value.to(language)) for name, value in content.known)
    if content.state in VALID:
        paper.note(HOLDS)
    else:
        paper.pairs([(STATE, STATES[content.state].to(language))])
    paper.code(address, caption=SCAN)
    return paper.content()


STYLE = """\
body{margin:0;font:17px/1.6 system-ui,"PingFang SC","Noto Sans SC",sans-serif;color:#191919;\
background:#f4f4f2}
main{max-width:30rem;margin:2rem auto;padding:1.5rem;background:#fff;border-radius:.75rem}
h1{font-size:1.3rem;margin:0 0 .5rem}
p{margin:.25rem 0 1rem}
.yes{color:#0a6b3d}
.no{color:#a3201a}
dl{display:grid;grid-template-columns:auto 1fr;gap:.5rem 1rem;margin:0}
dt{color:#5f5f5f}
dd{margin:0;text-align:right}"""

PAGE = Text("证书核验", "Certificate verification")
UNKNOWN = Text("没有此编号的证书", "No certificate has this number")
CHECK = Text(
    "请核对编号后重试；编号共 18 位数字，印在二维码上方。",
    "Check the number and try again: it has 18 digits and stands above the code.",
)


def verified_body(content: CertificateContent, language: str) -> Markup:
    """Return what the page says of a certificate; everything in it is escaped."""
    rows = Markup("\n").join(
        Markup("<dt>{}</dt><dd>{}</dd>").format(name.to(language), value.to(language))
        for name, value in content.known
    )
    return Markup(
        '<main>\n<h1>{}</h1>\n<p class="{}"><strong>{}</strong></p>\n<dl>\n{}\n</dl>\n</main>'
    ).format(
        content.title.to(language),
        "yes" if content.state in VALID else "no",
        STATES[content.state].to(language),
        rows,
    )


def unknown_body(language: str) -> Markup:
    """Return what the page says of a number that no certificate has."""
    body = Markup('<main>\n<h1>{}</h1>\n<p class="no"><strong>{}</strong></p>\n<p>{}</p>\n</main>')
    return body.format(PAGE.to(language), UNKNOWN.to(language), CHECK.to(language))


def _same(text: str) -> Text:
    return Text(text, text)
