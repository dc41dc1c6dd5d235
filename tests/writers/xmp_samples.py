"""XMP sidecars in the forms in which programs write them; shortened, all values invented."""

DARKTABLE = """\
<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:darktable="http://darktable.sf.net/"
   exif:DateTimeOriginal="2023:07:14 10:11:12.000"
   xmp:Rating="3"
   xmpMM:DerivedFrom="photo.jpg"
   darktable:xmp_version="5"
   darktable:history_end="2"
   darktable:iop_order_version="4">
   <darktable:masks_history>
    <rdf:Seq/>
   </darktable:masks_history>
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:num="0"
      darktable:operation="exposure"
      darktable:enabled="1"
      darktable:params="gz02eJxjZGBgYGKAABYGBgYYzQAAAHgADw=="
      darktable:multi_name=""/>
    </rdf:Seq>
   </darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

DIGIKAM = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
   digiKam:ColorLabel="0"
   digiKam:PickLabel="0">
   <digiKam:TagsList>
    <rdf:Seq>
     <rdf:li>animals/dog &amp; cat</rdf:li>
    </rdf:Seq>
   </digiKam:TagsList>
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">old &lt;words&gt;</rdf:li>
     <rdf:li xml:lang="fr-FR">de vieux mots, été</rdf:li>
    </rdf:Alt>
   </dc:description>
   <exif:UserComment>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">old &lt;words&gt;</rdf:li>
    </rdf:Alt>
   </exif:UserComment>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""

LIGHTROOM = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000 1.000000">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmp:Rating="5"
   photoshop:SidecarForExtension="CR2"
   crs:Version="15.4"
   crs:Exposure2012="+0.35">
   <dc:subject>
    <rdf:Bag>
     <rdf:li>snow</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <crs:ToneCurvePV2012>
    <rdf:Seq>
     <rdf:li>0, 0</rdf:li>
     <rdf:li>255, 255</rdf:li>
    </rdf:Seq>
   </crs:ToneCurvePV2012>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

EXIFTOOL = """\
<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='Image::ExifTool 12.57'>
<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>

 <rdf:Description rdf:about=''
  xmlns:xmp='http://ns.adobe.com/xap/1.0/'>
  <xmp:Rating>3</xmp:Rating>
 </rdf:Description>

 <rdf:Description rdf:about=''
  xmlns:dc='http://purl.org/dc/elements/1.1/'>
  <dc:title>
   <rdf:Alt>
    <rdf:li xml:lang='x-default'>A title</rdf:li>
   </rdf:Alt>
  </dc:title>
 </rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end='w'?>"""

EXIFTOOL_COMPACT = """\
<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='Image::ExifTool 12.57'>
<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
<rdf:Description rdf:about=''
xmlns:dc='http://purl.org/dc/elements/1.1/'
xmlns:xmp='http://ns.adobe.com/xap/1.0/'
xmp:Rating='3'><dc:title><rdf:Alt><rdf:li xml:lang='x-default'>A</rdf:li></rdf:Alt></dc:title>\
</rdf:Description></rdf:RDF>
</x:xmpmeta>
<?xpacket end='w'?>"""

SHORT = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- > kept < -->
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Label="a > b"/>
  </rdf:RDF>
</x:xmpmeta>
"""

NO_DESCRIPTION = """\
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>
"""

OTHER_PREFIXES = """\
<R:RDF xmlns:R="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="urn:other">
 <R:Description R:about="" xmlns:DublinCore="http://purl.org/dc/elements/1.1/" dc:a="b">
  <DublinCore:format>image/jpeg</DublinCore:format>
 </R:Description>
</R:RDF>
"""

DEFAULT_NAMESPACE = """\
<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
     xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <Description r:about=""></Description>
</RDF>
"""

PLAIN_TEXT = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/">
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <dc:description>old words</dc:description>
    </rdf:Description>
  </rdf:RDF>
</x:xmpmeta>
"""

ATTRIBUTE = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
    dc:format="image/jpeg"
    dc:description = 'old "words"' dc:source="x"/>
 </rdf:RDF>
</x:xmpmeta>
"""

EMPTY_ITEM = """\
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <dc:description><rdf:Alt><rdf:li xml:lang="x-default"/></rdf:Alt></dc:description>
 </rdf:Description>
</rdf:RDF>
"""

EMPTY_ALTERNATIVES = EMPTY_ITEM.replace('<rdf:li xml:lang="x-default"/>', "")

FRENCH_ONLY = """\
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <dc:description>
   <rdf:Alt>
    <rdf:li xml:lang="fr">un chien</rdf:li>
   </rdf:Alt>
  </dc:description>
 </rdf:Description>
</rdf:RDF>
"""

WITHOUT_CAPTION = {
    "darktable": DARKTABLE,
    "lightroom": LIGHTROOM,
    "exiftool": EXIFTOOL,
    "exiftool-compact": EXIFTOOL_COMPACT,
    "short": SHORT,
    "no-description": NO_DESCRIPTION,
    "other-prefixes": OTHER_PREFIXES,
    "default-namespace": DEFAULT_NAMESPACE,
    "empty-item": EMPTY_ITEM,
    "empty-alternatives": EMPTY_ALTERNATIVES,
}
WITH_CAPTION = {
    "digikam": (DIGIKAM, "old <words>"),
    "plain-text": (PLAIN_TEXT, "old words"),
    "attribute": (ATTRIBUTE, 'old "words"'),
    "french-only": (FRENCH_ONLY, "un chien"),
}
ALL = WITHOUT_CAPTION | {name: sample for name, (sample, _) in WITH_CAPTION.items()}
