"""Word lists of the question maker: what is alive, what has a colour, what counts."""

from __future__ import annotations

from training.data.word_classes import BROADER, GROUPS

_NUMBER_WORDS = "two three four five six seven eight nine ten"


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SUBJECTS = {group: _set(words) for group, words in GROUPS["subjects"].items()}
_ANIMAL_GROUPS = ("dog", "cat", "bird", "horse", "other animal")

ANIMALS = frozenset().union(*(_SUBJECTS[group] for group in _ANIMAL_GROUPS)) | _set(
    "animal animals lion lions tiger tigers kangaroo wolf fox frog frogs snake snakes whale whales "
    "shark sharks pig pigs mouse mice rat rats insect bee bees butterfly spider ox calf calves "
    "donkey mule llama parrot owl eagle penguin penguins kitty doggy pup pups hound husky puppies "
    "seal seals crab lizard hamster monkeys apes gorilla cattle herd"
)
PERSONS = frozenset().union(
    *(words for group, words in _SUBJECTS.items() if group not in _ANIMAL_GROUPS)
) | _set(
    "chef cook waiter waitress bride groom couple friend friends judge judges host reporter "
    "student students teacher doctor nurse actor actress band singer singers model models pitcher "
    "batter catcher umpire fan fans gymnast wrestler wrestlers boxer referee coach dad mom father "
    "parent parents son daughter sister brother grandmother cowboy clown"
)
COLOURS = _set(
    "black white brown tan beige grey gray silver red blue green yellow orange pink purple gold "
    "golden blonde maroon turquoise"
)
ONE_SPELLING = {"grey": "gray", "golden": "gold"}
NUMBERS = {word: str(value) for value, word in enumerate(_NUMBER_WORDS.split(), start=2)}
PREPOSITIONS = _set(
    "in on at with near by under behind beside above over through across into onto of from to "
    "around between against along down up inside outside toward towards next off among past "
    "beneath below underneath for while about as after before during without"
)
# Of those that say where something is, not where it goes.
PLACES = _set(
    "in on at near under behind beside above around between against along inside outside beneath "
    "below underneath"
)
AUXILIARIES = frozenset(["is", "are", "was", "were", "be", "being", "been"])
DETERMINERS = _set("a an the his her its their this that another some one each both any")
# They end in -ing, and nobody does them.
NO_VERBS = _set(
    "building buildings ceiling clothing something morning evening railing wedding string king "
    "ring wing anything nothing everything thing sting wing earring painting interesting "
    "according being including during spring duckling sibling"
)
# Of which there is no "a".
MASSES = _set(
    "water snow grass sand food makeup rice bread meat mud dirt ice wood paper hair music clothing "
    "furniture traffic smoke fire fruit cheese milk coffee tea beer wine soup sauce equipment dough"
)
NO_NOUNS = _set("has have had does do did can will would should gets get looks goes go")
# Where somebody is is not said by them.
NO_PLACES = _set(
    "hand hands mouth head face arm arms back lap shoulder shoulders people person man woman neck "
    "leg legs foot feet eyes body teeth area process pose motion costume shirt"
)
# Of which a caption says nothing that can be asked.
VAGUE = _set(
    "top front back side bunch group number piece couple pair lot lots background foreground "
    "middle air way part picture photo image scene video clip view kind type shot someone "
    "something there one ones others left right end edge set day time line row distance body it "
    "he she they who which what that this thing things other each camera close something i you "
    "we something him them speed work midair lip downwards watches stretches interest"
)


def same_thing(word: str) -> frozenset[str]:
    """A word, and all that mean the same or something broader or narrower."""
    found = {word}
    for groups in GROUPS.values():
        for name, words in groups.items():
            members = words.split()
            if word in members:
                found.update(members)
                found.update(_relatives(groups, name))
    return frozenset(found)


def _relatives(groups: dict[str, str], name: str) -> set[str]:
    broader, found = BROADER.get(name), set()
    while broader is not None:
        found.update(groups.get(broader, "").split())
        broader = BROADER.get(broader)
    for narrow, broad in BROADER.items():
        if broad == name and narrow in groups:
            found.update(groups[narrow].split())
    return found
