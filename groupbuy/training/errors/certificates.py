"""Problems of certificates."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class CertificateHeld(Problem):
    """The leader holds a certificate of this kind already: `certificate_id`; renew that one."""

    status = HTTPStatus.CONFLICT
    code = "certificate-held"
    title = Text("该团长已持有此证书", "The leader holds this certificate already")
    detail = Text(
        "证书 {certificate_id} 未被撤销；如已到期，请续期。",
        "Certificate {certificate_id} is not revoked; renew it if it has expired.",
    )


class NothingToRenew(Problem):
    """The certificate cannot be renewed yet, or never has to be.

    It can from the day `renewable_from` on, which is empty if the certificate holds for good.
    """

    status = HTTPStatus.CONFLICT
    code = "nothing-to-renew"
    title = Text("尚不能续期", "There is nothing to renew yet")
    detail = Text(
        "可续期日期：{renewable_from}；长期有效的证书无需续期。",
        "It can be renewed from {renewable_from} on; one that holds for good never has to be.",
    )


class CertificationCodeTaken(Problem):
    """Another certification has this code."""

    status = HTTPStatus.CONFLICT
    code = "certification-code-taken"
    title = Text("认证代码已被使用", "The code is taken")
    detail = Text("请换一个代码。", "Choose another code.")
