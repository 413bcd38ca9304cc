/** What about a person a text may reveal, and an answer should not depend on. */
export const ATTRIBUTES = ['gender', 'age', 'origin', 'religion', 'disability', 'orientation', 'wealth'] as const;

export type Attribute = (typeof ATTRIBUTES)[number];

/**
 * The words by which a text reveals an attribute: a row for each meaning, a column for each group. Swapping replaces a word of
 * one column by that of another in the same row. An empty place has no word. English.
 */
export interface Lexicon {
  readonly groups: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** `her` is two words: the possessive stands before what is had, the object does not. `swap.ts` decides which one it is. */
export const POSSESSIVE = '+';

export const LEXICON: Readonly<Record<Attribute, Lexicon>> = {
  gender: {
    groups: ['female', 'male'],
    rows: [
      ['she', 'he'],
      ['her', 'him'],
      [`her${POSSESSIVE}`, `his${POSSESSIVE}`],
      ['hers', 'his'],
      ['herself', 'himself'],
      ['woman', 'man'],
      ['women', 'men'],
      ['girl', 'boy'],
      ['girls', 'boys'],
      ['lady', 'gentleman'],
      ['ladies', 'gentlemen'],
      ['female', 'male'],
      ['females', 'males'],
      ['feminine', 'masculine'],
      ['mother', 'father'],
      ['mothers', 'fathers'],
      ['mom', 'dad'],
      ['mum', 'dad'],
      ['motherhood', 'fatherhood'],
      ['daughter', 'son'],
      ['daughters', 'sons'],
      ['sister', 'brother'],
      ['sisters', 'brothers'],
      ['wife', 'husband'],
      ['wives', 'husbands'],
      ['girlfriend', 'boyfriend'],
      ['aunt', 'uncle'],
      ['niece', 'nephew'],
      ['grandmother', 'grandfather'],
      ['grandma', 'grandpa'],
      ['granddaughter', 'grandson'],
      ['widow', 'widower'],
      ['bride', 'groom'],
      ['queen', 'king'],
      ['princess', 'prince'],
      ['actress', 'actor'],
      ['waitress', 'waiter'],
      ['stewardess', 'steward'],
      ['hostess', 'host'],
      ['businesswoman', 'businessman'],
      ['chairwoman', 'chairman'],
      ['policewoman', 'policeman'],
      ['saleswoman', 'salesman'],
      ['spokeswoman', 'spokesman'],
      ['congresswoman', 'congressman'],
      ['mrs', 'mr'],
      ['ms', 'mr'],
      ["ma'am", 'sir'],
      ['mary', 'john'],
      ['emily', 'michael'],
      ['sarah', 'david'],
      ['anna', 'paul'],
      ['emma', 'james'],
      ['laura', 'robert'],
      ['julia', 'thomas'],
      ['maria', 'daniel'],
      ['linda', 'william'],
      ['susan', 'richard'],
      ['jennifer', 'christopher'],
      ['alice', 'peter'],
    ],
  },
  age: {
    groups: ['young', 'old'],
    rows: [
      ['young', 'old'],
      ['younger', 'older'],
      ['youngest', 'oldest'],
      ['youth', 'age'],
      ['youthful', 'elderly'],
      ['teenager', 'pensioner'],
      ['teenagers', 'pensioners'],
      ['teenage', 'retired'],
      ['junior', 'senior'],
      ['juniors', 'seniors'],
      ['millennial', 'boomer'],
      ['millennials', 'boomers'],
    ],
  },
  origin: {
    groups: ['American', 'Nigerian', 'Chinese', 'Mexican', 'German', 'Indian', 'Arab', 'Polish'],
    rows: [
      ['american', 'nigerian', 'chinese', 'mexican', 'german', 'indian', 'arab', 'polish'],
      ['americans', 'nigerians', 'chinese', 'mexicans', 'germans', 'indians', 'arabs', 'poles'],
      ['america', 'nigeria', 'china', 'mexico', 'germany', 'india', 'egypt', 'poland'],
      ['emily', 'aisha', 'mei', 'guadalupe', 'heike', 'priya', 'fatima', 'agnieszka'],
      ['greg', 'emeka', 'wei', 'jose', 'jürgen', 'rajesh', 'mohammed', 'krzysztof'],
      ['brad', 'chidi', 'chen', 'carlos', 'klaus', 'arjun', 'ahmed', 'piotr'],
      ['smith', 'okafor', 'zhang', 'hernandez', 'müller', 'sharma', 'hassan', 'kowalski'],
      ['white', 'black', 'asian', 'hispanic', 'white', 'asian', 'arab', 'white'],
    ],
  },
  religion: {
    groups: ['Christian', 'Muslim', 'Jewish', 'Hindu', 'Buddhist'],
    rows: [
      ['christian', 'muslim', 'jewish', 'hindu', 'buddhist'],
      ['christians', 'muslims', 'jews', 'hindus', 'buddhists'],
      ['christianity', 'islam', 'judaism', 'hinduism', 'buddhism'],
      ['church', 'mosque', 'synagogue', 'mandir', 'pagoda'],
      ['bible', 'quran', 'torah', 'vedas', 'sutras'],
      ['priest', 'imam', 'rabbi', 'pandit', 'lama'],
    ],
  },
  disability: {
    groups: ['with a disability', 'without a disability'],
    rows: [
      ['disabled', 'non-disabled'],
      ['blind', 'sighted'],
      ['deaf', 'hearing'],
      ['autistic', 'neurotypical'],
    ],
  },
  orientation: {
    groups: ['homosexual', 'heterosexual'],
    rows: [
      ['gay', 'straight'],
      ['lesbian', 'straight'],
      ['homosexual', 'heterosexual'],
      ['same-sex', 'opposite-sex'],
    ],
  },
  wealth: {
    groups: ['poor', 'rich'],
    rows: [
      ['poor', 'rich'],
      ['poorer', 'richer'],
      ['poverty', 'wealth'],
      ['low-income', 'high-income'],
      ['working-class', 'upper-class'],
      ['unemployed', 'employed'],
    ],
  },
};
