package media

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// bytesText writes a size in the unit that shows it best: "412 KB", "1.5 MB", "9 bytes".
func bytesText(n int64) string {
	switch {
	case n < KB:
		return strconv.FormatInt(n, 10) + " bytes"
	case n < MB:
		return shortest(float64(n)/float64(KB)) + " KB"
	}
	return shortest(float64(n)/float64(MB)) + " MB"
}

func shortest(f float64) string {
	if f >= 100 {
		return strconv.FormatFloat(math.Round(f), 'f', -1, 64)
	}
	return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64)
}

// sizeActual gives the exact size.
func sizeActual(i Info) string {
	if i.More {
		return fmt.Sprintf("at least %d bytes", i.Bytes)
	}
	return fmt.Sprintf("%d bytes", i.Bytes)
}

// sizeMessage says by how much a file is too large, in bytes where a rounded figure would not show it.
func sizeMessage(limit int64, i Info) string {
	is, allowed := bytesText(i.Bytes), bytesText(limit)
	if is == allowed || i.More {
		is, allowed = sizeActual(i), fmt.Sprintf("%d bytes (%s)", limit, allowed)
	}
	return fmt.Sprintf("%s is %s: %s allowed", i.Format, is, allowed)
}

// sizeFix says what would bring a file under a limit. Whatever is computed rather than known is marked as
// an estimate.
func sizeFix(limit int64, rule Rule, i Info) string {
	if i.More {
		return "the rest was not read"
	}
	switch i.Format.family() {
	case picture:
		if i.Format == JPEG && i.Quality > 0 {
			return jpegFix(limit, i)
		}
		return "scale it down or save it as JPEG; media.FitJPEG does it"
	case sound, film:
		d, known := i.Duration.Get()
		if !known || d <= 0 {
			return ""
		}
		if rule.MaxDuration > 0 {
			d = min(d, rule.MaxDuration)
		}
		rate := float64(limit) * 8 / d.Seconds() / 1000
		if i.Format == AMR || rate < 1 {
			return "" // an AMR file over its bytes is over its time as well, which has a fix of its own
		}
		return fmt.Sprintf("about %d kbit/s over its %s would fit (an estimate)", int(rate), secondsText(d))
	case other:
	}
	return ""
}

// jpegExponent is how the size of a JPEG follows the scale of its tables, size ~ scale^-0.55: measured 0.5 to
// 0.7 for what looks like photographs, from quality 95 down to 30, and 0.35 to 0.45 for drawings.
const jpegExponent = 0.55

// jpegFix estimates the quality at which a JPEG would fit, or the size if none that is fit to be seen would.
func jpegFix(limit int64, i Info) string {
	ratio := float64(i.Bytes) / float64(limit)
	if q := jpegQuality(jpegScale(i.Quality) * math.Pow(ratio, 1/jpegExponent)); q >= 25 {
		return fmt.Sprintf("quality about %d would fit (an estimate); media.FitJPEG finds it", min(q, max(1, i.Quality-1)))
	}
	q := min(i.Quality, 70)
	ratio *= math.Pow(jpegScale(i.Quality)/jpegScale(q), jpegExponent)
	side := min(0.99, 1/math.Sqrt(ratio))
	return fmt.Sprintf("about %d×%d pixels at quality %d would fit (an estimate); media.FitJPEG does it",
		max(1, int(float64(i.Width)*side)), max(1, int(float64(i.Height)*side)), q)
}

// convertFix says how to get from what a file is to what is taken.
func convertFix(k Kind, rule Rule, i Info) string {
	want := k.family()
	switch {
	case i.Format.family() != want && i.Format.family() != other && i.Format != m4a:
		return fmt.Sprintf("it is %s: use another kind", i.Format.family())
	case i.Format == "error":
		return "the download failed and its answer was saved as the file"
	case i.Format.family() != want:
		return ""
	}
	to := k.family().String()
	if len(rule.Formats) > 0 {
		to = rule.Formats[0].String()
	}
	switch {
	case want == picture && slices.Contains(rule.Formats, JPEG):
		return "save it as JPEG; media.FitJPEG does it for PNG and GIF"
	case i.Format == mov && slices.Contains(rule.Formats, MP4):
		return "ffmpeg -i FILE -c copy out.mp4 changes the container alone"
	case want == sound && slices.Contains(rule.Formats, AMR) && len(rule.Formats) == 1:
		return "ffmpeg -i FILE -ar 8000 -ac 1 out.amr"
	}
	return "convert it to " + to
}
