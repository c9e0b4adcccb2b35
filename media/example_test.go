package media_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

func ExampleFile_Probe() {
	for _, name := range []string{"tone.amr", "clip.mp4", "pic.jpg", "clip.mov"} {
		file, err := media.Open(filepath.Join("testdata", name))
		if err != nil {
			fmt.Println(err)
			return
		}
		info, err := file.Probe()
		fmt.Println(info, err)
	}
	// Output:
	// AMR (amr-nb), 669 bytes, 1.02 s <nil>
	// MP4 (h264), 5631 bytes, 64×48, 1 s <nil>
	// JPEG (jpeg), 824 bytes, 32×24 <nil>
	// QuickTime (MOV) (h264), 2413 bytes, 64×48, 1 s <nil>
}

func ExampleRules_Check() {
	info := media.Info{Format: media.MP3, Bytes: 973_000, Duration: media.Lasting(60800 * time.Millisecond), Whole: true}
	for _, use := range []media.Use{media.Upload, media.Broadcast} {
		for _, v := range media.RulesFor(wechat.Documented, use).Check(media.Voice, info) {
			fmt.Printf("%s: %s: %s\n", use, v.Rule, v)
		}
	}
	// Output:
	// upload: format: content is MP3: AMR allowed (ffmpeg -i FILE -ar 8000 -ac 1 out.amr; today's platform takes it: wechat.WithRules(wechat.Current))
	// upload: size: MP3 is 950 KB: 256 KB allowed (about 34 kbit/s over its 60 s would fit (an estimate); today's platform takes it: wechat.WithRules(wechat.Current))
	// upload: duration: it plays 60.8 s: 60 s allowed (cut 0.8 s)
	// broadcast: duration: it plays 60.8 s: 60 s allowed (cut 0.8 s; today's platform takes it: wechat.WithRules(wechat.Current))
}

// A set of rules is data: a copy can be changed field by field.
func ExampleRulesFor() {
	rules := media.RulesFor(wechat.Documented, media.Upload)
	rules.Image.MaxBytes = 512 * media.KB
	for _, kind := range rules.Kinds() {
		rule := rules.For(kind)
		fmt.Println(kind, rule.Formats, rule.MaxBytes, rule.MaxDuration)
	}
	// Output:
	// image [JPEG] 524288 0s
	// voice [AMR] 262144 1m0s
	// video [MP4] 1048576 0s
	// thumb [JPEG] 65536 0s
}

func ExampleParseKind() {
	_, err := media.ParseKind("picture")
	fmt.Println(errors.Is(err, wechat.ErrInput), err)
	// Output: true media: kind: "picture" is no kind of media: one of image voice video thumb
}

func ExampleItem_UsableAt() {
	item := media.Item{ID: "x", Kind: media.Image, CreatedAt: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)}
	planned := time.Date(2026, 12, 4, 9, 0, 0, 0, time.UTC)
	fmt.Println(item.ExpiresAt(), item.UsableAt(planned))
	// Output: 2026-12-04 09:00:00 +0000 UTC false
}
