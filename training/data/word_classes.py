"""Which words mean the same when captions are compared, and which of them are alive.

Synonyms, plurals and inflections are listed rather than derived: rules would take "swing" for a
form of "sw" and miss "men", and who reads a table wants to see what its rows count.
"""

from __future__ import annotations

GROUPS: dict[str, dict[str, str]] = {
    "subjects": {
        "man": "man men guy guys male males gentleman gentlemen policeman fisherman",
        "woman": "woman women lady ladies female females mother",
        "boy": "boy boys",
        "girl": "girl girls",
        "child": "child children kid kids baby babies toddler toddlers infant infants",
        "person": "person people someone adult adults teenager teenagers teen teens player players "
        "skateboarder skateboarders snowboarder snowboarders surfer surfers skater skaters skier "
        "skiers biker bikers bicyclist bicyclists cyclist cyclists rider riders climber climbers "
        "hiker hikers swimmer swimmers rollerblader kayaker kayakers racer racers runner runners "
        "driver drivers dancer dancers performer performers musician musicians singer athlete "
        "athletes worker workers soldier soldiers officer officers spectators onlookers crowd "
        "audience family team",
        "dog": "dog dogs puppy puppies greyhound greyhounds poodle terrier retriever labrador "
        "collie bulldog pitbull dalmatian dachshund chihuahua corgi",
        "cat": "cat cats kitten kittens",
        "bird": "bird birds seagull seagulls duck ducks pigeon pigeons goose geese swan hawk "
        "chicken chickens",
        "horse": "horse horses pony ponies",
        "other animal": "sheep cow cows bull goat goats camel camels elephant elephants giraffe "
        "giraffes monkey rabbit squirrel turtle fish deer lamb zebra zebras bear bears panda "
        "dolphin dolphins",
    },
    "actions": {
        "run": "run runs running ran race races racing jog jogs jogging sprint sprints sprinting "
        "chase chases chasing",
        "walk": "walk walks walking walked stroll strolls strolling hike hikes hiking",
        "stand": "stand stands standing",
        "sit": "sit sits sitting sat seated",
        "lie": "lie lies lying lay lays laying sleep sleeps sleeping asleep",
        "jump": "jump jumps jumping jumped leap leaps leaping leapt hop hops hopping bound bounds "
        "bounding midair airborne",
        "play": "play plays playing played",
        "ride": "ride rides riding biking cycling",
        "swim": "swim swims swimming dive dives diving",
        "climb": "climb climbs climbing scale scales scaling",
        "hold": "hold holds holding held carry carries carrying",
        "look": "look looks looking watch watches watching stare stares staring gaze gazing",
        "catch": "catch catches catching caught",
        "throw": "throw throws throwing thrown toss tosses tossing",
        "do a trick": "trick tricks stunt stunts",
        "swing": "swing swings swinging",
        "slide": "slide slides sliding sledding",
        "pose": "pose poses posing",
        "smile": "smile smiles smiling laugh laughs laughing grin grins grinning",
        "eat or drink": "eat eats eating drink drinks drinking",
        "talk": "talk talks talking speak speaks speaking conversation chatting",
        "dance": "dance dances dancing",
        "fight": "fight fights fighting wrestle wrestles wrestling bite bites biting",
        "read": "read reads reading",
        "smoke": "smoke smokes smoking",
        "hug": "hug hugs hugging hugged embrace embracing kiss kisses kissing",
    },
    "colours": {
        "black": "black",
        "white": "white",
        "brown": "brown tan beige",
        "grey": "grey gray silver",
        "red": "red",
        "blue": "blue",
        "green": "green",
        "yellow": "yellow",
        "orange": "orange",
        "pink": "pink",
        "purple": "purple",
        "many colours": "colorful multicolored",
    },
    "scenes": {
        "water": "water splash splashes splashing",
        "sea": "sea ocean wave waves surf",
        "pool": "pool pools",
        "lake or river": "lake river stream pond creek",
        "beach": "beach sand sandy shore seashore shoreline",
        "snow or ice": "snow snowy ice icy",
        "grass or field": "grass grassy lawn field fields meadow pasture yard backyard",
        "dirt": "dirt mud muddy desert dusty gravel",
        "woods": "woods wooded forest jungle tree trees",
        "mountain or rock": "mountain mountains mountainside mountaintop hill hills hillside cliff "
        "cliffs rock rocks rocky boulder boulders",
        "street": "street streets road roads sidewalk city urban crosswalk traffic alley curb "
        "highway pavement",
        "building": "building buildings house houses store stores shop shops restaurant church",
        "playground": "playground swing swings slide",
        "indoors": "room inside indoors indoor floor couch sofa bed carpet kitchen gym office "
        "library mall subway",
    },
    "things": {
        "ball": "ball balls",
        "football": "football footballs rugby",
        "soccer ball": "soccer",
        "basketball": "basketball basketballs",
        "baseball": "baseball baseballs softball",
        "tennis": "tennis",
        "frisbee": "frisbee frisbees disc",
        "toy": "toy toys",
        "stick": "stick sticks branch log",
        "rope": "rope ropes",
        "bicycle": "bike bikes bicycle bicycles bmx",
        "motorcycle": "motorcycle motorcycles motorbike dirtbike",
        "car": "car cars truck trucks van jeep",
        "boat": "boat boats kayak kayaks canoe canoes raft",
        "skateboard": "skateboard skateboards skateboarding skateboarder skateboarders",
        "snowboard": "snowboard snowboards snowboarding snowboarder snowboarders",
        "surfboard": "surfboard surfboards surfing surfer surfers",
        "bench": "bench benches",
        "chair": "chair chairs",
        "table": "table tables",
        "fence": "fence fences fenced",
        "ramp": "ramp ramps",
        "hurdle": "hurdle hurdles",
        "tire": "tire tires",
        "sign": "sign signs",
        "camera": "camera cameras",
        "guitar": "guitar guitars",
        "shirt": "shirt shirts",
        "jacket": "jacket jackets coat coats",
        "hat": "hat hats cap caps",
        "helmet": "helmet helmets",
        "dress": "dress dresses",
        "shorts": "shorts",
        "trousers": "pants jeans trousers",
        "sunglasses": "sunglasses glasses",
        "flowers": "flower flowers",
    },
}

# Who says the first has said the second, too: "girl" is right of a "child", "pool" of "water".
BROADER = {
    "man": "person",
    "woman": "person",
    "boy": "child",
    "girl": "child",
    "child": "person",
    "sea": "water",
    "pool": "water",
    "lake or river": "water",
    "football": "ball",
    "soccer ball": "ball",
    "basketball": "ball",
    "baseball": "ball",
}

# Words before a subject that say how many; None is many, without a number.
NUMBERS: dict[str, int | None] = {
    "two": 2,
    "2": 2,
    "both": 2,
    "couple": 2,
    "pair": 2,
    "three": 3,
    "3": 3,
    "four": 4,
    "4": 4,
    "five": 5,
    "5": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "group": None,
    "crowd": None,
    "bunch": None,
    "team": None,
    "several": None,
    "many": None,
    "some": None,
}
DETERMINERS = frozenset(["a", "an", "the", "one", "another", "his", "her", "its", "their"])
PLURALS_WITHOUT_S = frozenset(["men", "women", "children", "people", "gentlemen", "geese"])
# They stand behind those whom a caption is about more often than they are it.
ONLOOKERS = frozenset(["crowd", "audience", "spectators", "onlookers", "family", "team"])
