"""What a build leaves in an image, known by its path: programs that build, what package managers keep, git folders.

Each tool is asked where it puts things: the names of programs as its package installs them, caches as its own
documentation gives them. A cache is what a *package manager or compiler* keeps for its next run, and can fetch or make
again. Other data below `.cache` (models, browsers) was put there for the service to run with; so was what lies in a
virtual environment that Poetry makes below its cache.
"""

import re
from typing import Literal

Kind = Literal["tool", "cache", "git"]

PROGRAMS = """
    gcc g++ cc c++ cpp c89 c99 c89-gcc c99-gcc gfortran gnat gdc gccgo gccrs gcc-ar gcc-nm gcc-ranlib clang clang++
    clang-cpp flang tcc icc icx nvcc zig rustc rustup cargo go gofmt javac jar jlink kotlinc scalac ghc cabal ocamlc
    ocamlopt dmd ldc2 swiftc nim fpc nasm yasm cython cython3 csc valac gprbuild ccache sccache distcc
    ld ld.bfd ld.gold ld.lld ld.mold ld64.lld lld mold gold as ar nm ranlib strip objcopy objdump addr2line elfedit dwp
    gprof gcov gcov-tool llvm-ar llvm-nm llvm-ranlib llvm-strip llvm-objcopy llvm-config
    make gmake cmake ctest cpack ninja ninja-build samu meson scons waf qmake autoconf automake aclocal autoreconf
    autoheader autom4te libtool libtoolize m4 bison yacc byacc flex lex pkg-config pkgconf pkg-config.real swig protoc
    bazel bazelisk buck2 ant mvn mvnd gradle sbt lein dpkg-buildpackage dpkg-source dpkg-gencontrol debuild rpmbuild
    abuild makepkg
    git hg svn git-lfs pip pipx poetry pipenv pdm hatch flit rye uv uvx pixi conda mamba micromamba easy_install
    virtualenv npm npx yarn yarnpkg pnpm pnpx corepack composer composer.phar bundle bundler cpan cpanm luarocks opam
    stack mix rebar3 nuget vcpkg conan
    erlc elixirc maturin node-gyp tsc webpack
"""  # compilers; GNU and LLVM binutils; what builds and packages; what fetches sources and packages of languages
NAMES = "|".join(map(re.escape, PROGRAMS.split()))
TARGET = (
    r"(?:[a-z0-9_]+-)+(?:gnu\w*|musl\w*|mingw32|eabi\w*|elf)-"  # what a compiler for one target has before its name
)
TOOLS = (
    rf"(?:^|/)s?bin/(?:{TARGET})?(?:{NAMES})(?:-?\d[\d.]*)?$",
    rf"(?:^|/)s?bin/{TARGET}(?:ld\.\w+|python\d?[\d.]*-config)$",
    r"/gcc(?:-cross)?/[^/]+/[\d.]+/(?:cc1(?:plus|obj|objplus|gm2)?|collect2|lto1|lto-wrapper|f951|gnat1|go1|d21|crab1)$",
    r"(?:^|/)go(?:-[\d.]+)?/pkg/tool/[^/]+/(?:compile|link|asm|cgo)$",
    r"(?:^|/)(?:lib|libexec)/git-core/git$|(?:^|/)dotnet/sdk/[^/]+/dotnet\.dll$",
    r"(?:^|/)lib/node_modules/(?:npm|yarn|pnpm|corepack)/package\.json$",
    r"/(?:site|dist)-packages/(?:pip|poetry|pipenv|pdm|hatch|uv|virtualenv|Cython|mesonbuild)/__init__\.py$",
)
DISTRIBUTIONS = (  # apt, apk, dnf and dnf5 and yum, zypper, pacman, portage, xbps, tdnf, opkg
    r"^var/cache/apt/(?:archives/(?:partial/)?[^/]+\.deb|[^/]+\.bin)$",
    r"^var/lib/apt/lists/(?!lock$|(?:partial|auxfiles)(?:/|$)).",
    r"^(?:var/cache|etc/apk/cache)/(?:apk/)?[^/]*APKINDEX[^/]*$|^(?:var/cache/apk|etc/apk/cache)/.",
    r"^var/cache/(?:dnf|libdnf5|yum|zypp|pacman|distfiles|binpkgs|xbps|tdnf|PackageKit)/.",
    r"^var/cache/(?:pip|uv|pypoetry|poetry|pdm|npm|yarn)/.",  # where Dockerfiles tell these to keep theirs
    r"^(?:var/)?tmp/pip-(?:build|build-env|download|ephem-wheel-cache|install|req-build|unpack|wheel)-[^/]+/.",
    r"^var/lib/pacman/sync/.|^var/db/repos/gentoo/.|^var/opkg-lists/.",
)
BELOW_CACHE = (  # of XDG_CACHE_HOME, or `.cache` in a home: the folder that each makes there
    r"pip|pip-tools|uv|pdm|pipenv|hatch|flit|virtualenv|conda|mamba|rattler|pixi|pre-commit|pypoetry/(?!virtualenvs/)",
    r"yarn|pnpm|node|node-gyp|npm|bun|deno|electron|electron-builder|composer|gem|bundler?|rebar3|hex|cpanm?|luarocks",
    r"go-build|golangci-lint|bazel|bazelisk|ccache|sccache|coursier|helm|nix|zig|cabal|ghcup|vcpkg|dub|Homebrew|trivy",
    r"org\.swift\.swiftpm|JNA|NuGet|meson|buildkit|docker|buildah|turborepo|nx|esbuild|typescript|opam|guix",
)
LANGUAGES = (
    rf"(?:^|/)\.cache/(?:{'|'.join(BELOW_CACHE)})(?:/|(?<=/)).",
    r"(?:^|/)\.npm/_\w+/.|(?:^|/)\.pnpm-store/.|(?:^|/)pnpm/store/.|(?:^|/)\.bun/install/cache/.|(?:^|/)\.node-gyp/.",
    r"(?:^|/)\.yarn/berry/.|(?:^|/)\.yarn-cache/.",  # `.yarn/cache` of a project is what Yarn's Plug'n'Play runs from
    r"(?:^|/)(?:\.cargo|(?:usr/local|opt)/cargo)/(?:registry|git)/.|(?:^|/)\.rustup/(?:downloads|tmp)/.|(?:^|/)go/pkg/(?:mod|sumdb)/.",
    r"(?:^|/)\.m2/repository/.|(?:^|/)\.gradle/(?:caches|wrapper/dists|daemon)/.|(?:^|/)\.ivy2/(?:cache|local)/.|(?:^|/)\.sbt/boot/.",
    r"(?:^|/)\.nuget/packages/.|(?:^|/)\.local/share/NuGet/(?:http|v3)-cache/.|(?:^|/)\.composer/cache/.",
    r"/cache/[^/]+\.gem$|(?:^|/)\.bundle/cache/.|(?:^|/)\.gem/specs/.|(?:^|/)\.local/share/gem/specs/.",
    r"(?:^|/)\.?(?:micromamba|mamba|conda|miniconda|anaconda|miniforge|mambaforge)\d?/pkgs/.",
    r"(?:^|/)\.(?:hex/packages|opam/download-cache|cabal/packages|stack/pantry|cpan/(?:build|sources)|cpanm|pub-cache|ccache)/.",
    r"(?:^|/)node_modules/\.cache/.",
    r"(?:^|/)\.conan/data/.|(?:^|/)\.conan2/p/.|(?:^|/)\.terraform\.d/plugin-cache/.|(?:^|/)\.julia/registries/.",
)
GIT = r"(?:^|/)\.git(?:/|$)"

_KINDS: dict[Kind, re.Pattern[str]] = {  # in this order: what lies in a cache is no program that a container would run
    "git": re.compile(GIT),
    "cache": re.compile("|".join((*DISTRIBUTIONS, *LANGUAGES))),
    "tool": re.compile("|".join(TOOLS)),
}


def kind_of(path: str) -> Kind | None:
    """What a file of this path in an image was left by; None for a file that may be there."""
    return next((kind for kind, pattern in _KINDS.items() if pattern.search(path)), None)
