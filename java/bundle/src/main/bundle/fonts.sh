#!/usr/bin/env bash
# Gives the runtime fonts of its own: a machine that has an NVIDIA driver and nothing else has none, and Java draws no chart then. Where there is
# a fontconfig, Java takes the machine's fonts.
# usage: fonts.sh FOLDER     (FOLDER/runtime is there; FOLDER/../fonts are the fonts)
set -euo pipefail

lib=$1/runtime/lib
mkdir -p "$lib/fonts"
cp "$(dirname "$1")"/fonts/liberation/* "$lib/fonts/"
{
  echo "version=1"
  echo "sequence.allfonts=latin"
  for family in serif sansserif monospaced dialog dialoginput; do
    echo "$family.plain.latin=Liberation Sans"
    echo "$family.italic.latin=Liberation Sans"
    echo "$family.bold.latin=Liberation Sans Bold"
    echo "$family.bolditalic.latin=Liberation Sans Bold"
  done
  # shellcheck disable=SC2016 # Java's own name of its folder
  echo 'filename.Liberation_Sans=$JRE_LIB_FONTS/LiberationSans-Regular.ttf'
  # shellcheck disable=SC2016
  echo 'filename.Liberation_Sans_Bold=$JRE_LIB_FONTS/LiberationSans-Bold.ttf'
} >"$lib/fontconfig.properties"
