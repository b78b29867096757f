"""Words by which a language is told (domain/text/language.py), all folded when they are read.

`WORDS` are the small words of each language. `ACCESS` are the words with which people ask for
access in it, of which one is enough; those of other scripts stand as they are written. One that
begins or ends with `-` is the end or the beginning of words, `PART_CHARS` letters of it.
"""

from collections.abc import Collection, Iterable
from typing import Final

from ticketgate.domain.text.folding import folded

PART_CHARS: Final = 6

# Small words of each language that English has not; for `en`, those that the others have not.
WORDS: Final = {
    code: frozenset(word for word in folded(words).split() if len(word) > 1)
    for code, words in {
        "en": "the and of that this these those with you your are have has had please can could "
        "would should from my our their when what which who be been not they there it its for "
        "is to we need cannot does did about after before into",
        "de": "und der das ist nicht ich wir sie mit auf ein eine einen dem den zu bitte kann "
        "haben wird oder auch wenn nach bei zum zur keine mehr sich wurde mein ihr unser vom",
        "fr": "le la les des une est pas je nous vous dans pour sur avec que qui ne au aux du mais "
        "votre notre bonjour merci être cette mon ma mes sont avez peux",
        "es": "el los las una que por para con del está pero como más su sus muy hola gracias "
        "favor puedo necesito tengo este esta también nuestro desde cuando",
        "it": "il lo gli che di per con una della nel sono è non si da come anche più questo "
        "grazie buongiorno mio nostra posso ho abbiamo alla dal",
        "pt": "os uma que não para com por mais como mas foi ao ele das seu sua está você "
        "obrigado preciso tenho também meu minha nos pelo pela",
        "nl": "het een van en niet ik wij dat zijn voor met op aan kan kunnen graag heb heeft "
        "deze maar ook naar bij wordt geen mijn onze dank",
        "pl": "nie się jest że na jak ale czy oraz dla proszę mam moje został tylko przez od "
        "już mnie po dziękuję które aby pan pani",
        "sv": "och det att som på är av för inte med den ett har jag till kan från vi om men hej "
        "tack min vår behöver",
        "da": "og det at som på er af for ikke med den et har jeg til kan fra vi om men hej tak "
        "min vores skal",
        "tr": "ve bir bu için ile ben çok ama değil var olarak daha gibi sonra lütfen merhaba "
        "teşekkürler benim olan yok",
        "ro": "și în nu este pentru cu care din mai sau dar vă rog am sunt mulțumesc bună acest "
        "pe să fost",
        "cs": "je na se že to ale jako pro prosím děkuji jsem není má aby nebo když už jsou",
        "hu": "az és nem hogy egy van is meg kérem köszönöm de már csak nekem vagy lehet volt",
    }.items()
}
ALL_WORDS: Final = frozenset().union(*WORDS.values())
# Small words that English texts have too, as words, names or parts of an address, and those of two
# letters: only many of them say anything.
_ALSO_ENGLISH: Final = frozenset(
    (
        *("als", "care", "com", "come", "con", "den", "des", "kan", "las", "los", "mar", "men"),
        *("mes", "min", "pan", "par", "per", "pro", "son", "till", "van", "var", "una"),
    )
)
_TELLING_CHARS: Final = 3
TELLING: Final = frozenset(one for one in ALL_WORDS - _ALSO_ENGLISH if len(one) >= _TELLING_CHARS)
# Words of English that are no small ones, and that the others have not. They only end a run of
# words: headings, mails and the lines of a log are English without a small word.
EVERYDAY: Final = {
    code: frozenset(words.split())
    for code, words in {
        "en": "hi hello dear thanks thank regards sincerely sent sender any only other than then "
        "each every because through between some same such very just own off out up if why how "
        "where she him his being well back get got make issue error failed failure warning "
        "message update updated new old following further during until while without within "
        "again already however available required working details number request see were let must "
        "might may never always but he both few "
        "monday tuesday wednesday thursday friday saturday sunday yesterday today tomorrow "
        "time year years way day days week month people thing things work works first next long "
        "great little different small large important able use used using find give given tell "
        "ask try leave call keep show move provide provided include included includes continue "
        "change understand follow create allow offer expect build reach good better complete done "
        "take taken came look want know think say said down here two three"
    }.items()
}
_ACCESS: Final = {
    code: tuple(words.split(", "))
    for code, words in {
        "en": "password, passwords, permission, permissions, unlock",
        "de": "-sswort, -nnwort, -ugriff, -zugang, -rechte, -tigung, zugrif-, zugang-, berech-, "
        "kennwo-, freisc-, freige-, benutz-, einlog-, passworter, rechten, zurucksetzen, gesperrt, "
        "zuruckgesetzt, entsperren, konto, anmelden, anmeldung, hinzufugen, aufnehmen, eintragen, "
        "gruppe, gruppen, geben, brauche, braucht, benotige, benotigen, benotigt",
        "fr": "acces, droits, passe, habili-, deverr-, debloq-, reinitialiser, compte, "
        "identifiant, identifiants, administrateur, administrateurs, autorisation, utilisateur, "
        "autorisations, utilisateurs, ajouter, donner, donnez, groupe",
        "es": "contrasena, contrasenas, acceso, accesos, permiso, permisos, administrador, "
        "usuario, administradores, derechos, cuenta, usuarios, desblo-, restablecer, credenciales, "
        "anadir, agregar, otorgar, habilitar, grupo",
        "it": "accesso, accessi, permesso, permessi, amministratore, amministratori, diritti, "
        "utente, utenti, abilitare, abilitazione, sblocc-, credenziali, parola, aggiungere, gruppo",
        "pt": "senha, senhas, acesso, acessos, permissao, permissoes, administrador, direitos, "
        "administradores, utilizador, usuario, desblo-, redefinir, credenciais, conceder, grupo",
        "nl": "wachtw-, toegan-, gebrui-, rechten, beheerder, beheerders, beheerdersrechten, "
        "machtiging, machtigingen, ontgrendelen, toevoegen, groep",
        "pl": "haslo, hasla, dostep, dostepu, uprawn-, odblok-, administratora, zresetowac, konto, "
        "konta",
        "sv": "loseno-, behori-, rattig-, anvand-, atkomst, konto, kontot",
        "da": "adgang-, adgang, rettig-, kodeord, bruger, brugere, brugeren, konto, kontoen",
        "tr": "sifre, sifrem, sifremi, sifresi, yetki, yetkisi, yetkileri, erisim, kullan-, hesap, "
        "hesabi, hesabim, parola",
        "ro": "parola, parolei, acces, accesul, drepturi, utilizator, utilizatorului, permisiuni",
        "cs": "heslo, hesla, pristup, pristupu, opravn-, uzivat-, ucet, uctu, odemknout",
        "hu": "jelszo, jelszot, jelsza-, hozzaf-, jogosu-, rendsz-, felhas-, fiok, fiokot",
        "ru": "парол, доступ, права, админист, учётн, учетн, логин",
        "uk": "парол, доступ, права, адмініст, обліков, логін",
        "bg": "парол, достъп, права, админист, акаунт",
        "sr": "лозинк, приступ, права, администр, налог",
        "el": "κωδικ, πρόσβαση, δικαιώματα, διαχειριστ, λογαριασμ",
        "ar": "كلمة المرور, كلمة السر, صلاحي, الوصول, حساب",
        "fa": "رمز عبور, دسترسی, گذرواژه, حساب",
        "he": "סיסמ, הרשא, גישה, חשבון",
        "hi": "पासवर्ड, अनुमति, एक्सेस, खाता",
        "th": "รหัสผ่าน, สิทธิ์, เข้าถึง, บัญชี",
        "ko": "비밀번호, 암호, 권한, 접근, 계정",
        "zh": "密码, 密碼, 权限, 權限, 管理员, 管理員, 访问, 訪問, 账号, 帐号, 帳號, 账户, 开通",
        "ja": "パスワード, 権限, アクセス, 管理者, アカウント",
    }.items()
}


class AccessWords:
    """The words of access that the languages `others` have, and those of `ours` have not."""

    __slots__ = ("_ends", "_starts", "_within", "_words")

    def __init__(self, ours: Iterable[str], others: Iterable[str]) -> None:
        known = {word for code in ours for word in _ACCESS[code]}
        words = {word: code for code in others for word in _ACCESS[code]}
        words = {word: code for word, code in words.items() if word not in known}
        latin = {word: code for word, code in words.items() if word.isascii()}
        self._words = {word: code for word, code in latin.items() if "-" not in word}
        self._starts = {word[:-1]: code for word, code in latin.items() if word[-1] == "-"}
        self._ends = {word[1:]: code for word, code in latin.items() if word[0] == "-"}
        self._within = {word: code for word, code in words.items() if not word.isascii()}

    def among(self, words: Collection[str]) -> str:
        """The language and the word of the first of `words`, folded, that is one; else empty."""
        firsts = {word[:PART_CHARS] for word in words}
        lasts = {word[-PART_CHARS:] for word in words}
        if (
            self._words.keys().isdisjoint(words)
            and self._starts.keys().isdisjoint(firsts)
            and self._ends.keys().isdisjoint(lasts)
        ):
            return ""  # as of almost all texts
        return min(f"{self._code(word)}: {word}" for word in words if self._code(word))

    def _code(self, word: str) -> str | None:
        found = self._words.get(word) or self._starts.get(word[:PART_CHARS])
        return found or self._ends.get(word[-PART_CHARS:])

    def within(self, text: str) -> str:
        """The same of a text in lower case: words of scripts that are not the Latin one."""
        found = [f"{code}: {word}" for word, code in self._within.items() if word in text]
        return min(found, default="")
