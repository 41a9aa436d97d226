"""Names of the people of a made-up network."""

import random

_FIRST = (
    "Ada Aiko Amara Anouk Arjun Bao Bea Carlos Chidi Clara Daria Diego Efe Elif Emre Esra Farah Finn Freya Gita Hana "
    "Hugo Ines Ingrid Isak Ivo Jada Jonas Juno Kai Kofi Lars Leila Lena Liam Lucia Mai Malik Mara Mateo Mei Milo Mina "
    "Nadia Nia Nils Noor Olga Omar Oskar Pia Priya Quinn Rafa Rania Rosa Sami Sara Selma Sofia Suki Tariq Theo Tomas "
    "Uma Vera Viktor Wren Yara Yusuf Zadie Zoe"
)
_LAST = (
    "Abara Adeyemi Almeida Andersen Bakker Banerjee Castillo Cho Costa Demir Dubois Eriksen Farouk Fischer Fontaine "
    "Garcia Haddad Hansen Hoang Ito Jansen Kamau Kaya Keller Kim Kovac Larsen Lindqvist Lopez Mahmoud Marino Mensah "
    "Mori Moreau Nakamura Nguyen Novak Nowak Okafor Okoye Olsen Park Patel Pereira Petrov Quist Rahman Reyes Rossi "
    "Santos Sato Schmidt Silva Singh Sousa Suzuki Takeda Tanaka Ueda Vargas Virtanen Wagner Wolf Yamada Yilmaz Zhang"
)


def distinct_names(count: int, rng: random.Random) -> list[str]:
    """That many names, no two alike; at most 4,000."""
    first, last = _FIRST.split(), _LAST.split()
    numbers = rng.sample(range(len(first) * len(last)), count)
    return [f"{first[number % len(first)]} {last[number // len(first)]}" for number in numbers]
