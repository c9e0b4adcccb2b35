package media

import (
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Where the rules come from, and how they count.
const (
	kilo = "K = 1024 bytes, limit included"

	documentedUpload    = "documented rules for uploading multimedia files"
	documentedBroadcast = "documented rules for broadcasting messages"

	temporaryPage = "/doc/subscription/api/material/temporary/api_uploadtempmedia.html"
	permanentPage = "/doc/subscription/api/material/permanent/api_addmaterial.html"
	articlePage   = "/doc/subscription/api/material/permanent/api_uploadimage.html"
	broadcastPage = "official broadcast rules, community document 000c8c659b87a084cc799cccc51409"

	read = "2026-11" // when the pages were as quoted
)

// RulesFor gives the rules of an edition for a use:
//
//	            image                 voice / audio               video                        thumb
//	Documented
//	 Upload     JPEG 128K             AMR 256K 60 s               MP4 1M                       JPEG 64K
//	 Broadcast  –                     MP3 WMA WAV AMR 5M 60 s     RM WMV AVI MPEG MP4 20M      –
//	Current
//	 Upload     PNG JPEG GIF 10M      AMR MP3 2M 60 s             MP4 10M                      JPEG 64K
//	 Permanent  BMP PNG JPEG GIF 10M  MP3 WMA WAV AMR 2M 60 s     MP4 10M                      JPEG 64K
//	 Broadcast  as Permanent          MP3 WMA WAV AMR 5M 60 min   RM WMV AVI MPEG MP4 20M      –
//	both
//	 InArticle  JPEG PNG 1M           –                           –                            –
//
// The documented rules know one sort of upload, so Permanent is Upload there; of a picture in a broadcast they
// say nothing, and nothing is assumed. The page on temporary material gives 2 MB for pictures in one place and
// 10 MB in another; the larger one is taken, as a picture should not be refused that the platform may take.
// "Under 1 MB", as it says of pictures in articles, is 1 MB less one byte.
func RulesFor(set wechat.RuleSet, use Use) Rules {
	r := Rules{Set: set, Use: use}
	switch {
	case use == InArticle:
		r.Image = Rule{Formats: []Format{JPEG, PNG}, MaxBytes: MB - 1, Unit: kilo, Source: articlePage, AsOf: read}
	case use == Broadcast:
		broadcastRules(&r)
	case use != Upload && use != Permanent:
		// a use that is none has no rules
	case set == wechat.Current:
		currentRules(&r)
	default:
		r.Image = Rule{Formats: []Format{JPEG}, MaxBytes: 128 * KB}
		r.Voice = Rule{Formats: []Format{AMR}, MaxBytes: 256 * KB, MaxDuration: time.Minute}
		r.Video = Rule{Formats: []Format{MP4}, MaxBytes: MB}
		r.Thumb = Rule{Formats: []Format{JPEG}, MaxBytes: 64 * KB}
		quoteSource(&r, documentedUpload, read)
	}
	return r
}

// broadcastRules fills in what a broadcast may carry.
func broadcastRules(r *Rules) {
	r.Audio = Rule{Formats: []Format{MP3, WMA, WAV, AMR}, MaxBytes: 5 * MB, MaxDuration: time.Minute}
	r.Video = Rule{Formats: []Format{RM, WMV, AVI, MPG, MP4}, MaxBytes: 20 * MB}
	if r.Set != wechat.Current {
		quoteSource(r, documentedBroadcast, read)
		return
	}
	r.Audio.MaxDuration = time.Hour
	quoteSource(r, broadcastPage, "2023-05")
	r.Image = RulesFor(r.Set, Permanent).Image
}

// currentRules fills in what the pages on material say today.
func currentRules(r *Rules) {
	r.Image = Rule{Formats: []Format{PNG, JPEG, GIF}, MaxBytes: 10 * MB}
	r.Voice = Rule{Formats: []Format{AMR, MP3}, MaxBytes: 2 * MB, MaxDuration: time.Minute}
	r.Video = Rule{Formats: []Format{MP4}, MaxBytes: 10 * MB}
	r.Thumb = Rule{Formats: []Format{JPEG}, MaxBytes: 64 * KB}
	page := temporaryPage
	if r.Use == Permanent {
		r.Image.Formats = []Format{BMP, PNG, JPEG, GIF}
		r.Voice.Formats = []Format{MP3, WMA, WAV, AMR}
		page = permanentPage
	}
	quoteSource(r, page, read)
}

// quoteSource marks every rule there is with its source.
func quoteSource(r *Rules, source, asOf string) {
	for _, rule := range []*Rule{&r.Image, &r.Voice, &r.Video, &r.Thumb, &r.Audio} {
		if !rule.IsZero() {
			rule.Unit, rule.Source, rule.AsOf = kilo, source, asOf
		}
	}
}
