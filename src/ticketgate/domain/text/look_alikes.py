"""Look-alikes: characters that read as Latin letters, and the letters that they read as.

Unicode TR 39 §4 has the idea; the table is our own and short. What has a compatibility form (full
width, mathematical, most circled letters) needs no entry: domain/text/folding.py finds it by
that form.
"""

from typing import Final


def _pairs(text: str) -> dict[str, str]:
    """`0391:a`: the number of a look-alike, and what it looks like."""
    return {chr(int(pair[:4], 16)): pair[5:] for pair in text.split()}


def _run(first: int, letters: str, step: int = 1) -> dict[str, str]:
    """Look-alikes whose numbers follow each other, and what each looks like."""
    return {chr(first + number * step): letter for number, letter in enumerate(letters)}


_MODIFIERS: Final = "ʹʺʻʼʽʾʿˀˁˆˇˈˉˊˋˌˍˎˏːˑˬˮʹـꜗꜘꜙꜛꜜꜝꜞꜟꞈ"
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"

# Capitals look like other letters than their small ones do, so these are asked before the case is
# taken away: Greek, Cyrillic, Armenian, Cherokee.
UPPER: Final = _pairs(
    "0391:a 0392:b 0395:e 0396:z 0397:h 0399:i 039a:k 039c:m 039d:n 039f:o 03a1:p 03a4:t 03a5:y "
    "03a7:x 03f9:c 0405:s 0406:i 0408:j 0410:a 0412:b 0415:e 041a:k 041c:m 041d:h 041e:o 0420:p "
    "0421:c 0422:t 0423:y 0425:x 0474:v 04ae:y 0500:d 050c:g 051a:q 051c:w 053c:l 054d:u 054f:s "
    "0555:o 13a0:d 13a2:t 13a5:i 13aa:a 13ab:j 13ac:e 13b3:w 13b7:m 13bb:h 13be:o 13c0:g 13c3:z "
    "13d2:r 13d9:v 13da:s 13de:l 13df:c 13e2:p 13e6:k 13e7:d 13f4:b 13a1:r 13a9:y "
)
# Small letters: Latin (stroked, small capitals), Greek, Cyrillic, Armenian; then Latin with hooks,
# curls and tails, and of phonetic alphabets; then scripts without case, and letters in boxes.
LOWER: Final = {
    **_pairs(
        "00e6:ae 00f8:o 00fe:th 0111:d 0127:h 0131:i 0142:l 0153:oe 0167:t 0180:b 01b6:z 023c:c "
        "0247:e 0249:j 024d:r 0251:a 0261:g 0262:g 0268:i 0269:i 026a:i 0274:n 0280:r 0289:u "
        "028b:v 028f:y 0299:b 029c:h 029f:l 03b1:a 03b3:y 03b5:e 03b7:n 03b9:i 03ba:k 03bd:v "
        "03bf:o 03c1:p 03c4:t 03c5:u 03c7:x 03c9:w 03f2:c 03f3:j 0430:a 0432:b 0435:e 043a:k "
        "043c:m 043d:h 043e:o 0440:p 0441:c 0442:t 0443:y 0445:x 0455:s 0456:i 0458:j 0475:v "
        "04af:y 04bb:h 0501:d 050d:g 051b:q 051d:w 0565:e 0570:h 0578:n 057d:u 0581:g 0585:o "
        "1d00:a 1d04:c 1d05:d 1d07:e 1d0a:j 1d0b:k 1d0d:m 1d0f:o 1d18:p 1d1b:t 1d1c:u 1d20:v "
        "1d21:w 1d22:z 2c65:a a730:f a731:s "
    ),
    **_pairs(
        "00f0:d 014b:n 0188:c 018c:d 0192:f 0199:k 019a:l 019e:n 01a5:p 01ab:t 01ad:t 01b4:y "
        "01bf:p 01dd:e 0221:d 0225:z 0234:l 0235:n 0236:t 023f:s 0240:z 024b:q 024f:y 0250:a "
        "0252:a 0253:b 0254:o 0255:c 0256:d 0257:d 0258:e 0259:e 025a:e 025b:e 025c:e 025d:e "
        "025e:e 025f:j 0260:g 0263:y 0265:h 0266:h 0267:h 026b:l 026c:l 026d:l 026f:m 0270:m "
        "0271:m 0272:n 0273:n 0275:o 0279:r 027a:r 027b:r 027c:r 027d:r 027e:r 027f:r 0281:r "
        "0282:s 0283:s 0284:j 0287:t 0288:t 028a:u 028c:v 028d:w 028e:y 0290:z 0291:z 0292:z "
        "0297:c 029b:g 029d:j 029e:k 02a0:q 1d03:b 1d0c:l 1d0e:n 1d6c:b 1d6d:d 1d6e:f 1d6f:m "
        "1d70:n 1d71:p 1d72:r 1d73:r 1d74:s 1d75:t 1d76:z 1d7b:i 1d7d:p 1d7e:u 1d80:b 1d81:d "
        "1d82:f 1d83:g 1d84:k 1d85:l 1d86:m 1d87:n 1d88:p 1d89:r 1d8a:s 1d8c:v 1d8d:x 1d8e:z "
        "1d8f:a 1d90:a 1d91:d 1d92:e 1d93:e 1d94:e 1d95:e 1d96:i 1d99:u 2c61:l 2c66:t 2c68:h "
        "2c6a:k 2c6c:z 2c71:v 2c73:w 2c74:v 2c76:h "
    ),
    **_pairs(  # Canadian syllabics, then runes
        "142f:v 144c:u 144e:n 1455:c 1458:u 1462:c 146b:q 146d:p 146f:d 1472:b 148d:j 14aa:l "
        "14f0:i 1515:s 157c:h 1587:r 15b4:f 15c5:a 15c7:b 15de:d 15dd:o 15e9:a 15ea:d 15ef:w "
        "15f0:m 15f1:m 15f4:e 15f7:b 15f8:b 1609:n 1614:z 161c:g 163b:m 163f:e 166d:x "
        "16a0:f 16b1:r 16b7:x 16c1:i 16cf:t 16d2:b 16d5:k 16d6:m 16d7:m "
    ),
    **_run(0xA4D0, "bppdttgkkjcczffmnlsrravhgjwxybaaeeiounld"),  # Lisu
    **_run(0x2C81, "abrdeszhoiklmnxonpctyfxww", step=2),  # Coptic
    **dict.fromkeys(_MODIFIERS, "'"),  # letters that modify another one stand for no letter
    **_run(0x1F150, _ALPHABET),  # white in black circles
    **_run(0x1F170, _ALPHABET),  # white in black squares
    **_run(0x1F1E6, _ALPHABET),  # regional indicators
}
