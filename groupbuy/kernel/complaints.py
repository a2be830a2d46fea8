"""What is wrong with a field, in both languages.

Schemas say it in English, the library and ours; here is the Chinese of it. Whoever words a new
complaint adds it here: a test looks for those that are not.
"""

import re

from groupbuy.kernel.texts import Text

_CHINESE = {
    "Missing data for required field.": "缺少必填字段。",
    "Field may not be null.": "不能为空。",
    "Unknown field.": "未知字段。",
    "Not a valid integer.": "不是有效的整数。",
    "Not a valid string.": "不是有效的文本。",
    "Not a valid boolean.": "不是有效的布尔值。",
    "Not a valid datetime.": "不是有效的时间（RFC 3339，须带时区）。",
    "Not a valid aware datetime.": "时间须带时区。",
    "Not a valid list.": "不是有效的列表。",
    "Invalid input type.": "输入类型不正确。",
    "Not a valid email address.": "不是有效的电子邮箱。",
    "Control characters are not allowed.": "不能包含控制字符。",
    "Not base64 of 1 byte to 1 MiB.": "须为 1 字节至 1 MiB 内容的 base64 编码。",
    "Must not be 0.": "不能为 0。",
    "Two options have the same key.": "有两个选项的 key 相同。",
    "There is no such option.": "没有这个选项。",
    "Must be options, each once.": "须为选项的 key，每个一次。",
    "Must be all options, each once.": "须列出全部选项的 key，每个一次。",
    "The code occurs twice.": "编码重复。",
    "The kind of a question never changes.": "题目类型不能更改。",
    "1 to 20 of a-z, 0-9 and _.": "须为 1 至 20 个 a-z、0-9 或 _。",
    "1 to 50 of a-z, 0-9 and -.": "须为 1 至 50 个 a-z、0-9 或 -。",
    "Not a valid URL.": "不是有效的网址（须以 https:// 开头）。",
    "Raw HTML is not allowed here, write Markdown.": "不能使用 HTML 标签，请用 Markdown 书写。",
    "A replay has both an address and a length.": "回放须同时填写地址和时长。",
    "A span is [from, to) in whole seconds.": "每段须为 [起, 止)，以整秒计，止大于起。",
    "Name each leader once.": "每个团长只能填写一次。",
    "a-z, 0-9, - and _": "只能用 a-z、0-9、- 和 _，最多 50 个字符。",
    "A prerequisite is between one thing and one other.": "须各填且只填一个：课程或课时。",
    "Not a month YYYY-MM.": "不是 YYYY-MM 格式的月份。",
    "4 to 40 letters and digits.": "须为 4 至 40 个字母或数字。",
    "Give from_fen by amount, from_units by count.": "按金额填 from_fen，按件数填 from_units。",
    "Each step must be higher than the one before.": "每一档须高于前一档。",
    "Name at least one filter.": "请至少填写一个筛选条件。",
    "Nobody ordered since then and never.": "ordered_since 与 never_ordered 不能同时使用。",
    "Name a line, or give delivery_fen.": "请填写商品行或 delivery_fen。",
    "Not a valid number.": "不是有效的数字。",
    "Not a valid date.": "不是有效的日期。",
    "Not a valid time.": "不是有效的时刻（HH:MM）。",
    "Not a valid mapping type.": "须为 JSON 对象。",
    "Not a valid utf-8 string.": "不是有效的 UTF-8 文本。",
    "Special numeric values (nan or infinity) are not permitted.": "不能是 NaN 或无穷大。",
    "Number too large.": "数字过大。",
    "Invalid value.": "值无效。",
    "String does not match expected pattern.": "格式不正确。",
    "a-z, 0-9, -": "只能用 a-z、0-9 和 -，最多 50 个字符。",
    "Not an id.": "编号无效。",
    "Not a level.": "不是有效的等级。",
    "Not a phone number.": "不是有效的电话号码。",
    "Not a place of the form lat,lng in decimal degrees.": "须为“纬度,经度”，十进制度数。",
    "lat and lng come together.": "lat 与 lng 须同时填写。",
    "There is one page when near is given.": "填写 near 时只有一页，不能再带 cursor。",
    "It must not be 0.": "不能为 0。",
    "Must be after from.": "须晚于 from。",
    "Name each line once.": "每个商品行只能填写一次。",
    "Name each SKU once.": "每个 SKU 只能填写一次。",
    "Name each pickup point once.": "每个自提点只能填写一次。",
    "Name a shipment, a campaign or a pickup point.": "请指定发货单、活动或自提点。",
    "Give either quantity or amount_fen.": "quantity 与 amount_fen 须填且只填一个。",
    "Give either lines or a SKU in a place.": "请填写商品行，或某处的一个 SKU，不能同时填写。",
    "Give lines, or a SKU and where.": "请填写商品行，或 SKU 及其所在的活动、团或自提点。",
    "Give ordered_g and less delivered_g.": "请填写 ordered_g 和较小的 delivered_g。",
    "Grams are for kind weight.": "只有 weight 类型可填写克数。",
    "Give units for a shortage, none for a weight.": "缺货须填写件数，缺重不填件数。",
    "A pickup code has 8 digits.": "取货码为 8 位数字。",
    "A picture comes twice.": "同一张图片出现了两次。",
    "Not an EAN or UPC: the last digit does not fit the others.": (
        "不是有效的 EAN 或 UPC 条码：校验位有误。"
    ),
    "A lesson, and only a lesson, names one.": "类型为 lesson 时须填写课时，其他类型不填。",
    "For a segment, a program or a cohort: only one of them.": (
        "segment、program_id 与 cohort_id 最多填写一个。"
    ),
    "Must be a Monday.": "须为星期一。",
    "Must be after `from`, by a year at most.": "须晚于 from，且相隔不超过一年。",
    "Not a code like ten_a.": "须以小写字母开头，只能用 a-z、0-9 和 _，最多 40 个字符，如 ten_a。",
    "Not https.": "须为以 https:// 开头的网址。",
    "Relevance needs a q.": "按相关度排序须填写 q。",
}

_WITH_VALUES = tuple(
    (re.compile(english), chinese)
    for english, chinese in (
        (r"Must be one of: (.*)\.", r"须为以下之一：\1。"),
        (r"Length must be between (\d+) and (\d+)\.", r"长度须为 \1 至 \2。"),
        (r"Length must be (\d+)\.", r"长度须为 \1。"),
        (r"Shorter than minimum length (\d+)\.", r"长度至少为 \1。"),
        (r"Longer than maximum length (\d+)\.", r"长度最多为 \1。"),
        (
            r"Must be greater than or equal to (\S+) and less than or equal to (\S+)\.",
            r"须为 \1 至 \2。",
        ),
        (r"Must be greater than (\S+) and less than (\S+)\.", r"须大于 \1 且小于 \2。"),
        (r"Must be greater than or equal to (\S+)\.", r"不能小于 \1。"),
        (r"Must be less than or equal to (\S+)\.", r"不能大于 \1。"),
        (r"Must be greater than (\S+)\.", r"须大于 \1。"),
        (r"Must be less than (\S+)\.", r"须小于 \1。"),
        (r"Must be between (\S+) and (\S+) degrees\.", r"须为 \1 至 \2 度。"),
        (
            r"Must be of the (\d+) months from `first` on\.",
            r"须为从 first 起 \1 个月之内的月份。",
        ),
        (r"Must be of the years (\d+) to (\d+)\.", r"须为 \1 至 \2 年。"),
        (
            r"Must be of the (\d+) months from `first` on\.",
            r"须为 first 起 \1 个月之内的月份。",
        ),
        (r"Not an id of the form (\w+)_…", r"编号无效，须形如 \1_…。"),
        (r"Not base64 of 1 to (\d+) bytes\.", r"须为 1 至 \1 字节内容的 base64 编码。"),
        (
            r"Give 1 to (\d+); to have none, DELETE the line\.",
            r"须为 1 至 \1；不要时请删除（DELETE）该行。",
        ),
    )
)


def complaint(english: str) -> Text:
    """Return a complaint in both languages; one that nobody translated stays English."""
    if english in _CHINESE:
        return Text(_CHINESE[english], english)
    for pattern, chinese in _WITH_VALUES:
        if found := pattern.fullmatch(english):
            return Text(found.expand(chinese), english)
    return Text(english, english)
