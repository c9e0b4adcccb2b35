#!/usr/bin/env bash
# Makes the small real files that the tests begin from, with FFmpeg and its AMR and MP3 encoders
# (Debian: ffmpeg libavcodec-extra). Run it in this folder; the files are committed.
set -euo pipefail
make() { ffmpeg -hide_banner -loglevel error -nostdin -y "${@:1:$#-1}" -fflags +bitexact -flags +bitexact -threads 1 "${!#}"; }
tone() { echo "-f lavfi -i sine=frequency=440:sample_rate=$2:duration=$1"; }
film() { echo "-f lavfi -i testsrc2=s=${2:-64x48}:r=${3:-10}:d=$1"; }
x264="-c:v libx264 -preset veryfast -pix_fmt yuv420p -crf 40 -g 5 -bf 0"
aac="-c:a aac -b:a 16k -ac 1 -ar 16000"

for e in jpg png gif bmp webp; do make $(film 1 32x24 1) -frames:v 1 pic.$e; done
make $(film 1 16x12 4) anim.gif
make $(tone 1 8000) -c:a libopencore_amrnb -b:a 4.75k -ar 8000 -ac 1 tone.amr
make $(tone 1 16000) -c:a libvo_amrwbenc -b:a 6.6k -ar 16000 -ac 1 -f amr tone.awb
make $(tone 1 16000) -c:a libmp3lame -b:a 16k -ac 1 tone.mp3
make $(tone 1 16000) -c:a libmp3lame -b:a 16k -ac 1 -write_xing 0 -id3v2_version 0 bare.mp3
make $(tone 0.5 8000) -c:a pcm_u8 -ac 1 tone.wav
make $(tone 0.5 8000) -c:a adpcm_ima_wav -ac 1 adpcm.wav
make $(tone 1 16000) -c:a libmp3lame -b:a 16k -ac 1 mp3in.wav
make $(tone 1 16000) -c:a wmav2 -b:a 24k -ac 1 tone.wma
make $(tone 1 16000) $aac tone.m4a
make $(tone 1 16000) -c:a mp2 -b:a 32k -ac 1 tone.mp2
make $(film 1) $(tone 1 16000) $x264 $aac -movflags +faststart clip.mp4
make $(film 1) $x264 last.mp4
make $(film 2) $x264 -movflags +frag_keyframe+empty_moov frag.mp4
make $(film 2) $x264 -movflags +frag_keyframe fragkey.mp4
make $(film 1) $x264 -f mov clip.mov
make $(film 1) $x264 -f 3gp clip.3gp
make $(film 1) -c:v mpeg4 -q:v 20 clip.avi
make $(film 1) -c:v wmv2 -q:v 20 clip.wmv
make $(film 1 64x48 25) -c:v mpeg1video -q:v 20 -f mpeg clip.mpg
make $(film 1 64x48 25) -c:v mpeg2video -q:v 20 -f vob clip.vob
make $(film 1 64x48 25) -c:v mpeg1video -q:v 20 -f mpeg1video clip.m1v
make $(film 1 64x48 25) -c:v mpeg2video -q:v 20 -f mpegts clip.ts
make $(film 1 176x144 5) -c:v rv20 -b:v 20k clip.rm
