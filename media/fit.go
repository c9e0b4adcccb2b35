package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"path/filepath"
	"strings"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// FitPixels is the largest picture, in pixels, that [FitJPEG] decodes: some 200 MB of memory.
const FitPixels = 25_000_000

// The qualities that [FitJPEG] tries before it makes a picture smaller.
const (
	fitBest  = 95
	fitWorst = 50
)

// FitJPEG makes a JPEG of at most limit bytes out of a JPEG, PNG or GIF: at the best quality that fits, and if
// none does that is fit to be seen (50), scaled down. A JPEG that fits already is returned as it is.
//
// It is the one function of this package that decodes a picture, and nothing calls it: whoever uploads a
// picture that was changed has asked for it. Pictures of more than [FitPixels] pixels are refused before
// decoding. What is transparent becomes white, of a moving GIF the first frame is taken, and a JPEG that
// wants to be turned is turned; other EXIF data, places among them, are left out. ctx is looked at between
// attempts.
func FitJPEG(ctx context.Context, f *File, limit int64) (*File, error) {
	i, err := f.Probe()
	if err != nil {
		return nil, err
	}
	if i.Format == JPEG && i.Whole && i.Bytes <= limit {
		return f, nil
	}
	if err := refuseFit(i, limit); err != nil {
		return nil, err
	}
	m, err := decodePicture(f, i)
	if err != nil {
		return nil, err
	}
	for {
		b, err := bestQuality(ctx, m, limit)
		switch {
		case err != nil:
			return nil, err
		case b != nil:
			return Bytes(strings.TrimSuffix(i.Name, filepath.Ext(i.Name))+".jpg", b), nil
		case m.Rect.Dx() == 1 && m.Rect.Dy() == 1:
			return nil, fitProblem(i, RuleSize, fmt.Sprintf("no JPEG is as small as %d bytes", limit))
		}
		m = smaller(m)
	}
}

// refuseFit says why a file cannot be fitted, or nil.
func refuseFit(i Info, limit int64) error {
	pixels := int64(i.Width) * int64(i.Height)
	switch {
	case limit <= 0:
		return fitProblem(i, RuleSize, fmt.Sprintf("a limit of %d bytes", limit))
	case i.Format != JPEG && i.Format != PNG && i.Format != GIF:
		return fitProblem(i, RuleFormat, fmt.Sprintf("content is %s: JPEG, PNG, GIF can be fitted", i.Format))
	case !i.Whole:
		return fitProblem(i, RuleCorrupt, fmt.Sprintf("%s is not whole: %s", i.Format, i.Fault))
	case i.Width > FitPixels || i.Height > FitPixels || pixels > FitPixels:
		return fitProblem(i, RulePixels, fmt.Sprintf("%d×%d pixels: %d allowed", i.Width, i.Height, FitPixels))
	}
	return nil
}

func fitProblem(i Info, rule, message string) error {
	return wechat.Refuse("media: fit", []wechat.Problem{{Field: quote(i.Name), Rule: rule, Message: message}})
}

// decodePicture decodes a picture whose header was checked, turns it and puts it on white.
func decodePicture(f *File, i Info) (*image.RGBA, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	decode := map[Format]func(io.Reader) (image.Image, error){JPEG: jpeg.Decode, PNG: png.Decode, GIF: gif.Decode}[i.Format]
	m, err := decode(r)
	if err != nil {
		if errors.Is(err, wechat.ErrSourceChanged) {
			return nil, fmt.Errorf("media: fit: %w", err)
		}
		return nil, fitProblem(i, RuleCorrupt, fmt.Sprintf("%s cannot be decoded: %v", i.Format, err))
	}
	return turned(onWhite(m), i.Orientation), nil
}

// bestQuality encodes m at the best quality that fits; nil where none does.
func bestQuality(ctx context.Context, m image.Image, limit int64) ([]byte, error) {
	var best []byte
	for low, high := fitWorst, fitBest; low <= high; {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("media: fit: %w", err)
		}
		q := (low + high) / 2
		if best == nil && low == fitWorst && high == fitBest {
			q = fitWorst // if the worst does not fit, no other is worth a try
		}
		b := limited{left: limit}
		switch err := jpeg.Encode(&b, m, &jpeg.Options{Quality: q}); {
		case err == nil:
			best, low = b.Bytes(), q+1
		case errors.Is(err, errFull) && q == fitWorst:
			return nil, nil
		case errors.Is(err, errFull):
			high = q - 1
		default:
			return nil, fmt.Errorf("media: fit: %w", err)
		}
	}
	return best, nil
}

var errFull = errors.New("full")

// limited is a buffer that takes no more than so many bytes.
type limited struct {
	bytes.Buffer
	left int64
}

// Write fails once there is too much.
func (l *limited) Write(p []byte) (int, error) {
	if l.left -= int64(len(p)); l.left < 0 {
		return 0, errFull
	}
	return l.Buffer.Write(p)
}

// smaller scales a picture down by a fourth on each side; each of its pixels is the mean of those it stands
// for.
func smaller(m *image.RGBA) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	w2, h2 := max(1, w*3/4), max(1, h*3/4)
	n := image.NewRGBA(image.Rect(0, 0, w2, h2))
	for y := range h2 {
		y0, y1 := y*h/h2, int(math.Ceil(float64(y+1)*float64(h)/float64(h2)))
		for x := range w2 {
			x0, x1 := x*w/w2, int(math.Ceil(float64(x+1)*float64(w)/float64(w2)))
			n.SetRGBA(x, y, mean(m, image.Rect(x0, y0, min(x1, w), min(y1, h))))
		}
	}
	return n
}
