"""Names, streets and places of four Nordic countries, written with all their letters.

Owns: word lists; zip codes and cities belong together. Does not own: how they are combined.
All persons and companies made of them are invented.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """A country: its ISO code, its English name, and the words its people and places are made of. ``places``: (zip code, city)."""

    iso2: str
    name: str
    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]
    streets: tuple[str, ...]
    places: tuple[tuple[str, str], ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


def _places(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((code.strip(), city.strip()) for code, city in (pair.split("=") for pair in text.split(",")))


NORWAY = Country(
    "NO",
    "Norway",
    _words(
        "Ingrid Kari Anne Åse Liv Bjørg Marit Solveig Sigrid Astrid Randi Gunn Tove Berit Ragnhild Turid Eva Hilde "
        "Nina Silje Marte Ida Nora "
        "Emma Frida Thea Maja Sunniva Åshild Torunn Kjersti Guri Jorunn Oddny Synnøve Renée"
    ),
    _words(
        "Ole Per Jan Lars Bjørn Knut Svein Arne Kjell Øyvind Håkon Magnus Sindre Torbjørn Jørgen Pål Tor Geir Trond "
        "Morten Espen Eirik Jonas "
        "Henrik Kåre Åge Bård Snorre Ørjan Stål Vegard Even Aleksander André Gaute"
    ),
    _words(
        "Hansen Johansen Olsen Larsen Andersen Pedersen Nilsen Kristiansen Jensen Karlsen Solheim Bakke Haugen Hagen "
        "Moen Strand Lie Dahl Lund "
        "Berg Bråten Ødegård Sørensen Bjørnstad Tønnessen Løken Nygård Fjeldstad Åsen Sæther Rønning Myhre Næss Vågen Østby Aune Kvåle Bøe"
    ),
    _words(
        "Storgata Kirkegata Skolegata Strandgata Bjørnstjerne_Bjørnsons_gate Sjøgata Fjellveien Åsveien Nygårdsgata Øvre_Slottsgate "
        "Dronningens_gate Kongens_gate Parkveien Skogveien Haugveien Løkkeveien Elvegata Torggata Jernbanegata Bøkeveien"
    ),
    _places(
        "0150=Oslo,0184=Oslo,0350=Oslo,0566=Oslo,5003=Bergen,5014=Bergen,7010=Trondheim,7030=Trondheim,4006=Stavanger,"
        "9008=Tromsø,8006=Bodø,"
        "6002=Ålesund,4611=Kristiansand S,3015=Drammen,1606=Fredrikstad,3717=Skien,3110=Tønsberg,2317=Hamar,2609=Lillehammer,6413=Molde,"
        "9800=Vadsø,9510=Alta,1706=Sarpsborg,3210=Sandefjord,2815=Gjøvik,6509=Kristiansund N,9900=Kirkenes,2406=Elverum,5501=Haugesund"
    ),
)
SWEDEN = Country(
    "SE",
    "Sweden",
    _words(
        "Anna Eva Maria Karin Kristina Lena Kerstin Ingrid Birgitta Åsa Gunilla Elin Linnéa Saga Ebba Wilma Märta Tyra "
        "Frida Malin Hedda Tindra"
    ),
    _words(
        "Lars Mikael Anders Johan Erik Per Karl Göran Åke Björn Jörgen Håkan Nils Sven Gösta Östen Mårten Elias Hugo Axel Rune Sören Bengt"
    ),
    _words(
        "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Lindström Sjöberg "
        "Åberg Öberg Sandström Håkansson "
        "Löfgren Nyström Engström Björklund Hellström Söderberg Wikström Åkesson"
    ),
    _words(
        "Storgatan Kungsgatan Drottninggatan Skolgatan Kyrkogatan Järnvägsgatan Södra_Vägen Östra_Ågatan Björkvägen "
        "Ängsvägen Åsgatan Nygatan"
    ),
    _places(
        "111 22=Stockholm,118 46=Stockholm,411 05=Göteborg,211 22=Malmö,753 20=Uppsala,903 26=Umeå,702 11=Örebro,"
        "582 22=Linköping,972 31=Luleå,"
        "352 30=Växjö,831 31=Östersund,722 11=Västerås"
    ),
)
DENMARK = Country(
    "DK",
    "Denmark",
    _words(
        "Anne Kirsten Mette Hanne Søs Lærke Signe Freja Karen Bodil Gitte Åse Inge Jytte Rikke Sofie Clara Ellen Maren "
        "Birthe Dorthe Hjørdis"
    ),
    _words(
        "Peter Jens Lars Søren Jørgen Niels Bjørn Kåre Asger Rasmus Mads Frederik Holger Aksel Torben Preben Villads Åge Bent Esben Ejnar"
    ),
    _words(
        "Nielsen Jensen Hansen Pedersen Andersen Christensen Larsen Sørensen Rasmussen Jørgensen Kjær Nørgaard "
        "Østergaard Søndergaard Bæk Holm "
        "Højgaard Ægidius Bjerregård Møller Thorsen Skovgaard"
    ),
    _words("Nørregade Østergade Vestergade Algade Bredgade Skolegade Kirkevej Ågade Søndergade Møllevej Strandvejen Jernbanegade Bøgevej"),
    _places(
        "1050=København K,2100=København Ø,8000=Aarhus C,5000=Odense C,9000=Aalborg,6700=Esbjerg,7100=Vejle,4000=Roskilde,6400=Sønderborg,"
        "3000=Helsingør,8800=Viborg,4600=Køge"
    ),
)
FINLAND = Country(
    "FI",
    "Finland",
    _words(
        "Aino Helmi Päivi Tuula Anneli Marjatta Sisko Kaisa Outi Leena Pirjo Äännä Hanna Minna Venla Elli Sanna Jäna Raili Tyyne Kyllikki"
    ),
    _words("Juhani Matti Väinö Eero Pekka Timo Antti Jukka Heikki Tapio Yrjö Sampo Eino Onni Jyrki Mäki Hannu Kalle Väli Åke Lauri Arttu"),
    _words(
        "Korhonen Virtanen Mäkinen Nieminen Mäkelä Hämäläinen Laine Heikkinen Koskinen Järvinen Lehtonen Väisänen "
        "Äijälä Pöyry Höglund Sjöblom "
        "Kärkkäinen Räsänen Lindqvist Ylönen"
    ),
    _words("Mannerheimintie Hämeenkatu Aleksanterinkatu Kauppakatu Rantatie Mäkikatu Koulukatu Kirkkotie Järvitie Töölönkatu Pöllötie"),
    _places(
        "00100=Helsinki,00250=Helsinki,20100=Turku,33100=Tampere,90100=Oulu,40100=Jyväskylä,15110=Lahti,67100=Kokkola,48100=Kotka,"
        "53100=Lappeenranta,28100=Pori,65100=Vaasa"
    ),
)
COUNTRIES = {country.iso2: country for country in (NORWAY, SWEDEN, DENMARK, FINLAND)}

COMPANY_FIRST = _words(
    "Fjordlys Nordvik Bjørkheim Storm Havn Sølvskog Åsgard Tinden Østavind Lyng Brekke Skarven Isfjell Ørn Midtun Kystens Viddas Fjelltun "
    "Grønnli Elvebakken Bråstad Sæterdal"
)
COMPANY_SECOND = _words(
    "Bygg Regnskap Elektro Transport Kurs Maskin Eiendom Bakeri Konsult Snekkeri Fiskeri Reiser Rør Gartneri Data Bilverksted Optikk Trykk"
)
COMPANY_FORM = _words("AS AS AS ASA SA ANS")
PRODUCT_FIRST = _words(
    "Grunnkurs Videregående_kurs Kursbok Håndbok Medlemskap Årsmøte Konferanse Fagblad Støttemedlemskap Sertifikat "
    "Studietur Genser Kaffekopp "
    "Nøkkelbånd Verktøysett Øvingshefte Førstehjelpskurs Lærebok"
)
PRODUCT_SECOND = _words("vår høst digital utvidet innføring for_nye for_viderekomne hel_dag halv_dag liten stor nordisk lokalt på_nett")
DOMAINS = ("example.org", "example.com", "example.net")
